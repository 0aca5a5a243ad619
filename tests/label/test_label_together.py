"""All bundles in one app: without a server, and by MONAI Label's own client; and a bundle for other structures."""

import json
import logging
import shutil
from pathlib import Path

import pytest

from medssl.weights import read_checkpoint
from tests.download.environments import COMPLETE
from tests.label.annotating import first_loss, infer, name_of, put_label, train
from tests.label.conftest import filled_app
from tests.label.serving import run_labelling, serving

pytestmark = pytest.mark.label
logger = logging.getLogger(__name__)
FLAT = next(folder for folder in COMPLETE if folder.name == "dira")  # the quickest of them

IN_PROCESS = """
import json, sys
from fastapi.testclient import TestClient
from monailabel.config import settings
app, studies, models, model, image = sys.argv[1:]
settings.MONAI_LABEL_APP_DIR, settings.MONAI_LABEL_STUDIES = app, studies
settings.MONAI_LABEL_APP_CONF = {"models": models, "zoo_source": "local", "sam2": "false"}
from monailabel.app import app
with TestClient(app) as client:
    offered = client.get("/info/").json()["models"]
    mask = client.post(f"/infer/{model}?image={image}&output=image", data={"params": '{"device": "cpu"}'})
print(json.dumps({"offered": list(offered), "status": mask.status_code, "bytes": len(mask.content)}))
"""
CLIENT = """
import json, sys
from monailabel.client import MONAILabelClient
address, model, folder = sys.argv[1:]
client = MONAILabelClient(address, tmpdir=folder)
chosen = client.next_sample("random", {})["id"]
mask, facts = client.infer(model, chosen, {"device": "cpu"})
print(json.dumps({"offered": list(client.info()["models"]), "chosen": chosen, "names": facts["label_names"]}))
"""


@pytest.fixture(scope="module")
def together(archives, stock_app, samples, tmp_path_factory) -> Path:
    """An app with all bundles, and a folder of pictures."""
    app = filled_app(stock_app, list(archives.values()), tmp_path_factory.mktemp("together"))
    (app.parent / "studies").mkdir()
    for case in samples(FLAT):
        shutil.copy(case["image"], app.parent / "studies")
    return app


def last_line(said: str) -> dict:
    return json.loads(said.strip().splitlines()[-1])


def test_all_bundles_in_one_process_without_a_server(together: Path, archives, samples, label_python: Path):
    image = name_of(samples(FLAT)[0]["image"])
    words = (str(together), str(together.parent / "studies"), ",".join(archives), FLAT.name, image)
    said = last_line(run_labelling(label_python, "-c", IN_PROCESS, *words, where=together.parent))
    assert said["offered"] == list(archives)
    assert (said["status"], said["bytes"] > 0) == (200, True)


def other_structures(bundle: Path) -> None:
    """Give a bundle two structures instead of one, and its model as the start, as docs/monai_label.md says."""
    (bundle / "models/model.pt").rename(bundle / "models/start.pt")
    for name in ("train", "inference"):
        path = bundle / f"configs/{name}.json"
        config = json.loads(path.read_text()) | {"structures": ["lungs", "nodule"]}
        if name == "train":
            config["pretrained"] = "$@bundle_root + '/models/start.pt'"
        path.write_text(json.dumps(config))


def test_client_and_other_structures(together: Path, archives, samples, label_python: Path, tmp_path: Path):
    folder, case = together / "model" / FLAT.name, samples(FLAT)[0]
    studies = together.parent / "studies"
    with serving(label_python, together, studies, models=",".join(archives)) as server:
        words = (server.address, FLAT.name, str(tmp_path))
        said = last_line(run_labelling(label_python, "-c", CLIENT, *words, where=tmp_path))
        assert said["offered"] == list(archives)
        assert said["names"] == {"lungs": 1}
    other_structures(folder)
    with serving(label_python, together, studies, models=FLAT.name) as server:
        put_label(server, case)
        loss = train(server, FLAT.name)
        logger.info("loss of the first step with two structures: %.4f", loss)
        assert loss == pytest.approx(first_loss(folder, case, folder / "models/start.pt"), rel=1e-3)
        said = server.said()
    assert "file (2, " in said
    assert "network (3, " in said
    assert next(reversed(read_checkpoint(folder / "models/model.pt").values())).shape[0] == 3
    with serving(label_python, together, studies, models=FLAT.name) as server:
        assert infer(server, FLAT.name, name_of(case["image"])).status == 200
