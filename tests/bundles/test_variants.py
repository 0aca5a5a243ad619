"""Bundles that learn from pairs of places: every way of pairing trains, and so do other parts and values."""

import csv
import math
from pathlib import Path

import pytest
from monai.bundle import ConfigParser

from medssl.data.records import read_json
from medssl.weights import read_checkpoint
from tests.bundles.running import messages, run

SWIN = {"architecture#backbone": "swin", "architecture#width": 12, "grid#cube": [64, 32, 32], "batch_size": 1}
PERCENTILES = {"grid#window_hu": "percentiles", "grid#matching#window_hu": "percentiles"}
PERCENTILES |= {"grid#matching#body_hu": "none_given"}


@pytest.fixture(scope="module")
def paired(bundle):
    """Give a bundle whose pre-training needs pairs."""
    if "pairing" not in ConfigParser.load_config_file(bundle / "configs/pretrain.json"):
        pytest.skip("this bundle learns from single images")
    return bundle


def where(folder: Path) -> dict[str, str]:
    return {"output_dir": str(folder), "models_dir": str(folder)}


def pretrain(bundle: Path, folder: Path, **words) -> dict[str, float]:
    """What the history says of the only epoch."""
    run(bundle, "pretrain+demo", epochs=1, **words, **where(folder))
    with (folder / "history.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert math.isfinite(float(row["val_loss"]))
    return row


@pytest.mark.parametrize("pairing", ["same_place", "same_patient"])
def test_pairs_without_embeddings(paired, tmp_path, pairing):
    pretrain(paired, tmp_path, pairing=pairing, matches_dir=str(tmp_path / "matches"))
    page = read_json(tmp_path / f"matches_{pairing}/matches.json")
    assert page["settings"]["pairing"] == pairing.replace("same_place", "place")
    assert page["counts"]["rows"] > 0


def test_another_backbone(paired, tmp_path):
    pretrain(paired, tmp_path, **SWIN)
    keys = read_checkpoint(tmp_path / "pretrained.pt")
    assert any(key.startswith("encoder.layers4.") for key in keys)
    assert any(key.startswith("decoder.skips.") for key in keys)


def test_tokens_as_they_are(paired, tmp_path):
    row = pretrain(paired, tmp_path, **{"completion#enabled": False})
    assert "attention_similarity" not in row
    assert float(row["tokens_agreement"]) >= 0


def test_values_that_are_no_hounsfield_units(paired, tmp_path):
    row = pretrain(paired, tmp_path, **PERCENTILES, store=str(tmp_path / "volumes"))
    assert 0 < float(row["val_volume"]) < 1  # of values between 0 and 1


def test_neither_restoration_nor_weight_decay(paired, tmp_path):
    row = pretrain(paired, tmp_path, weight_decay=[0.0, 0.0], **{"task_weights#volume": 0})
    assert "val_tokens" in row
    assert "val_volume" not in row


def test_matching_by_nothing_is_named(paired, tmp_path):
    with pytest.raises(RuntimeError) as error:
        run(paired, "match+demo", epochs=0, pretrained="scratch", **where(tmp_path))
    assert "no weights in 'scratch': train for one epoch or more, or name a file" in messages(error.value)


def test_the_table_says_how_its_embeddings_were_trained(paired, tmp_path):
    page = read_json(paired / "eval/demo/matches/matches.json")
    assert (page["embedding_epochs"], page["embedding_began_as"], len(page["embedding"])) == (1, "scratch", 64)
