"""MONAI's own look for the properties of a workflow, on a copy of each bundle with the embedded sample."""

from pathlib import Path

import pytest
from monai.bundle import ConfigWorkflow

from tests.bundles.running import tiny_words

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
    files = [base, *overlays, "demo"]
    words = tiny_words(bundle, "+".join(files), epochs=1, pretrained="scratch")
    paths = [str(bundle / f"configs/{name}.json") for name in files]
    made = ConfigWorkflow(paths, workflow_type=kind, logging_file=False, **words)
    made.initialize()
    return made


@pytest.mark.parametrize(("names", "kind"), KINDS.items())
def test_monai_finds_what_it_looks_for(bundle: Path, names: str, kind: str):
    assert workflow(bundle, names, kind).check_properties() == []
