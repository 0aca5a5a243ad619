"""MONAI's own look for the properties of a workflow, on a copy of each bundle with the embedded sample."""

import shutil
from pathlib import Path

import pytest
from monai.bundle import ConfigWorkflow

from tests.bundles.reading import FOLDERS, Bundle

PREPARATION = ("discover", "match", "survey")  # DESIGN: exempt, and needed by pretrain
KINDS = {
    "pretrain": "train",
    "train": "train",
    "train+evaluate": "train",
    "classify": "train",
    "classify+evaluate_classify": "train",
    "inference": "infer",
    "features": "infer",
}


def workflow(bundle: Path, names: str, kind: str) -> ConfigWorkflow:
    """Build a run from its files and the demo, as short as it can be."""
    base, *overlays = names.split("+")
    words = {"bundle_root": str(bundle), "epochs": 1, "num_workers": 0, "pretrained": "scratch"}
    known = {key: value for key, value in words.items() if key in Bundle(bundle).configs[base]}
    files = [str(bundle / f"configs/{name}.json") for name in [base, *overlays, "demo"]]
    made = ConfigWorkflow(files, workflow_type=kind, logging_file=False, **known)
    made.initialize()
    return made


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy a bundle, and run what must come before its pre-training."""
    copy = tmp_path_factory.mktemp("bundles") / request.param.name
    shutil.copytree(request.param, copy, ignore=shutil.ignore_patterns("eval"))
    for name in PREPARATION:
        if (copy / f"configs/{name}.json").exists():
            workflow(copy, name, "train").run()
    return copy


@pytest.mark.parametrize(("names", "kind"), KINDS.items())
def test_monai_finds_what_it_looks_for(bundle: Path, names: str, kind: str):
    assert workflow(bundle, names, kind).check_properties() == []
