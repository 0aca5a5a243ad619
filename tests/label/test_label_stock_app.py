"""Packed bundles in the app that comes with MONAI Label, over a real server."""

import json
import logging
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from medssl.weights import read_checkpoint
from tests.label.annotating import dice, first_loss, infer, name_of, pixels, put_label, train
from tests.label.serving import Server

pytestmark = pytest.mark.label
logger = logging.getLogger(__name__)
FLOOR = 0.8  # of the mean Dice in the bundle's metadata


@pytest.fixture(scope="module")
def metadata(bundle) -> dict:
    return json.loads((bundle / "configs/metadata.json").read_text())


@pytest.fixture(scope="module")
def flat(cases) -> bool:
    """Whether the images are pictures."""
    return cases[0]["image"].suffix == ".png"


def test_server_says_what_the_bundle_is_for(server: Server, bundle: Path, metadata: dict):
    said = server.ask("GET", "/info/").json
    shape, classes = (
        metadata["network_data_format"]["inputs"]["image"]["spatial_shape"],
        metadata["network_data_format"]["outputs"]["pred"]["channel_def"],
    )
    model = said["models"][bundle.name]
    assert (model["type"], model["dimension"], model["version"]) == ("segmentation", len(shape), metadata["version"])
    assert model["labels"] == {name: int(label) for label, name in classes.items() if name != "background"}
    assert list(said["trainers"]) == [bundle.name]


@pytest.fixture(scope="module")
def mask(server, bundle, cases, tmp_path_factory) -> Path:
    """The first mask of the first image."""
    answer = infer(server, bundle.name, name_of(cases[0]["image"]))
    assert answer.status == 200, server.said()[-5000:]
    path = tmp_path_factory.mktemp("masks") / cases[0]["image"].name
    path.write_bytes(answer.body)
    return path


def test_mask_lies_where_the_image_lies(mask: Path, cases, flat: bool):
    (values, affine), (image, place) = pixels(mask, flat), pixels(cases[0]["image"], flat)
    assert values.shape == image.shape
    np.testing.assert_allclose(affine, place, atol=1e-3)


def test_mask_is_as_good_as_the_card_says(mask: Path, cases, flat: bool, metadata: dict):
    truth = pixels(cases[0]["label"], flat)[0]
    score = dice(pixels(mask, flat)[0], truth)
    logger.info("Dice of the first mask: %.3f", score)
    assert score > FLOOR * metadata["eval_metrics"]["mean_dice"]


def other_kind(flat: bool, folder: Path) -> Path:
    """An image that the bundle is not for."""
    if not flat:
        Image.fromarray(np.arange(4096, dtype=np.uint8).reshape(64, 64)).save(folder / "other.png")
        return folder / "other.png"
    nib.save(nib.Nifti1Image(np.arange(4096, dtype=np.int16).reshape(16, 16, 16), np.eye(4)), folder / "other.nii.gz")
    return folder / "other.nii.gz"


def test_server_survives_images_of_another_kind(server: Server, bundle: Path, flat: bool, tmp_path: Path):
    form = {"params": {}, "file": other_kind(flat, tmp_path)}
    assert server.ask("PUT", "/datastore/", form=form, image="other").status == 200
    answer = infer(server, bundle.name, "other")
    assert server.ask("DELETE", "/datastore/", id="other").status == 200
    assert answer.status == 500
    assert "Error: " in server.said("Error: ")


def test_server_survives_models_and_images_that_are_not_there(server: Server, bundle: Path, cases):
    assert infer(server, "nobody", name_of(cases[0]["image"])).status == 500
    reason = "There is no model 'nobody' available"
    assert reason in server.said(reason)
    assert infer(server, bundle.name, "nothing").status >= 400
    assert server.ask("GET", "/info/").status == 200


def test_finished_mask_is_kept(server: Server, cases, flat: bool, tmp_path: Path):
    assert put_label(server, cases[0]).status == 200
    answer = server.ask("GET", "/datastore/label", label=name_of(cases[0]["image"]), tag="final")
    back = tmp_path / cases[0]["label"].name
    back.write_bytes(answer.body)
    np.testing.assert_array_equal(pixels(back, flat)[0], pixels(cases[0]["label"], flat)[0])
    assert server.ask("GET", "/info/").json["datastore"]["completed"] == 1


def test_every_round_starts_from_the_right_weights(server: Server, bundle: Path, cases, tmp_path: Path):
    put_label(server, cases[0])
    folder = server.app / "model" / bundle.name
    model, shipped, earlier = folder / "models/model.pt", tmp_path / "shipped.pt", tmp_path / "earlier.pt"
    shutil.move(model, shipped)
    fresh = train(server, bundle.name)
    assert fresh == pytest.approx(first_loss(folder, cases[0], folder / "models/pretrained.pt"), rel=1e-3)
    shutil.copy(shipped, model)
    first = train(server, bundle.name)
    assert first == pytest.approx(first_loss(folder, cases[0], shipped), rel=1e-3)
    shutil.copy(model, earlier)
    second = train(server, bundle.name)
    assert second == pytest.approx(first_loss(folder, cases[0], earlier), rel=1e-3)
    logger.info("loss of the first step: pretrained %.4f, shipped %.4f, round two %.4f", fresh, first, second)
    assert len({round(fresh, 3), round(first, 3), round(second, 3)}) == 3
    changed = read_checkpoint(model), read_checkpoint(earlier)
    assert any((changed[0][key] != changed[1][key]).any() for key in changed[0])


def test_batch_of_masks(server: Server, bundle: Path, cases):
    words = {"device": "cpu", "multi_gpu": False, "max_workers": 1, "save_label": True, "label_tag": "original"}
    answer = server.ask("POST", f"/batch/infer/{bundle.name}", body=words, images="unlabeled", run_sync="true")
    assert answer.status == 200, server.said()[-5000:]
    assert [path.name for path in (server.studies / "labels/original").iterdir()] == [cases[1]["image"].name]


def test_epistemic_score_is_written_down(server: Server, bundle: Path, cases):
    answer = server.ask("POST", f"/scoring/{bundle.name}", body={"max_workers": 1}, run_sync="true")
    assert answer.status == 200, server.said()[-5000:]
    facts = server.ask("GET", "/datastore/image/info", image=name_of(cases[1]["image"])).json
    assert np.isfinite(facts["epistemic_entropy"])
