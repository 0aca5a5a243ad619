"""How far matches lie from the truth."""

import json
import logging

import nibabel as nib
import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from medssl.data import Embedded, MatchSearch, write_stored
from medssl.engines import measure_matches

AFFINE = np.diag([-2.0, -2, 2, 1])
SHAPE, SHIFT_MM = (24, 20, 16), np.array([-8.0, 0, 4])  # 4 voxels along x, 2 along z
SEARCH = MatchSearch(margin=(0, 0), foreground_hu=-125)


def case(folder, name, vectors_mm, *, moved=0.0):
    """A patient whose tissue has these places in the reference; its volume begins elsewhere than that."""
    affine = AFFINE.copy()
    affine[:3, 3] += moved
    image = write_stored(folder / f"{name}.b2nd", np.full((1, *SHAPE), 40.0), affine=affine, source=name)
    field = nib.Nifti1Image(np.broadcast_to(np.float32(vectors_mm), (*SHAPE, 1, 3)).copy(), AFFINE)
    field.header.set_intent("displacement vector")
    nib.save(field, folder / f"{name}.nii.gz")
    return {"image": str(image), "displacement": str(folder / f"{name}.nii.gz"), "patient": name}


@pytest.fixture
def cases(tmp_path):
    return [case(tmp_path, "one", 0), case(tmp_path, "two", -SHIFT_MM)]


def embedded(steps=(0, 0, 0)):
    """A random vector for each cell, moved by so many cells."""
    torch.manual_seed(0)
    maps = normalize(torch.randn(16, *(edge // 2 for edge in SHAPE)), dim=0).roll(steps, dims=(1, 2, 3))
    return Embedded(maps, maps, AFFINE, SHAPE)


def test_errors_of_perfect_embeddings_are_those_of_the_grid(cases, tmp_path, caplog):
    volumes = {"moved along": [embedded(), embedded((2, 0, 1))], "left behind": [embedded(), embedded()]}
    with caplog.at_level(logging.INFO):
        page = measure_matches(volumes, cases, search=SEARCH, path=str(tmp_path / "m.json"), points=100)
    assert json.loads((tmp_path / "m.json").read_text())["methods"] == page["methods"]
    assert page["counts"] == {"patients": 2, "pairs": 2, "points": 200}
    along, behind = page["methods"]["moved along"], page["methods"]["left behind"]
    assert along["median_mm"] == along["p95_mm"] == pytest.approx(3**0.5, abs=0.01)  # from a voxel to its cell's centre
    assert along["kept"] == {"share": 1.0, **{name: along[name] for name in ("median_mm", "mean_mm", "p95_mm")}}
    length = float(np.linalg.norm(SHIFT_MM))
    assert behind["median_mm"] == pytest.approx(length, abs=2)
    for name in ("same index", "same place"):
        assert page["methods"][name] == pytest.approx({f"{w}_mm": length for w in ("median", "mean", "p95")}, abs=0.01)
    assert "match error in mm, 200 points of 2 patients" in caplog.text
    assert "moved along 1.73" in caplog.text


def test_the_same_index_is_that_of_the_volumes(tmp_path):
    pair = [case(tmp_path, "one", 0), case(tmp_path, "two", 0, moved=6.0)]
    page = measure_matches({}, pair, search=SEARCH, path=str(tmp_path / "m.json"), points=20)
    assert page["methods"]["same index"]["median_mm"] == pytest.approx(6 * 3**0.5, abs=0.01)


def test_what_is_not_kept_counts_in_the_share(cases, tmp_path):
    strict = MatchSearch(margin=(0, 0), min_score=0.99999)
    volumes = {"noise": [embedded(), Embedded(normalize(torch.rand(16, 12, 10, 8), dim=0), *embedded()[1:])]}
    page = measure_matches(volumes, cases, search=strict, path=str(tmp_path / "m.json"), points=20)
    assert page["methods"]["noise"]["kept"] == {"share": 0.0}


@pytest.mark.parametrize(
    ("vectors", "known", "told"),
    [
        pytest.param(0, 1, "1 of 2 cases have a known displacement", id="one-known"),
        pytest.param(1000, 2, "no patient shows tissue that the next one shows too", id="nothing-in-common"),
    ],
)
def test_what_cannot_be_measured_is_told(tmp_path, caplog, vectors, known, told):
    pair = [case(tmp_path, "one", 0), case(tmp_path, "two", vectors)]
    if known == 1:
        del pair[0]["displacement"]
    with caplog.at_level(logging.INFO):
        assert measure_matches({}, pair, search=SEARCH, path=str(tmp_path / "m.json")) == {}
    assert told in caplog.text
    assert not (tmp_path / "m.json").exists()
