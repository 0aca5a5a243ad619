"""Matches to look at."""

import nibabel as nib
import numpy as np
import pytest

from medssl.data import match_examples, write_json, write_rows, write_stored
from medssl.data.match_table import PLACES

AFFINE = np.diag([-2.0, -2, 2, 1])


def case(folder, name, *, vectors_mm=None):
    image = write_stored(folder / f"{name}.b2nd", np.full((1, 8, 8, 8), 40.0), affine=AFFINE, source=name)
    found = {"image": str(image), "patient": name}
    if vectors_mm is None:
        return found
    field = nib.Nifti1Image(np.broadcast_to(np.float32(vectors_mm), (8, 8, 8, 1, 3)).copy(), AFFINE)
    field.header.set_intent("displacement vector")
    nib.save(field, folder / f"{name}.nii.gz")
    return found | {"displacement": str(folder / f"{name}.nii.gz")}


@pytest.fixture
def table(tmp_path):
    """Two matches of a and b at different heights, three of c and b."""
    rows = []
    for first, second, height in [("a", "b", 2), ("a", "b", 8), ("c", "b", 4), ("c", "b", 6), ("c", "b", 10)]:
        places = dict(zip(PLACES, [-4, -6, height, -6, -6, height], strict=True))
        rows.append({"case": first, "partner": second, **places, "score": 0.912, "round_trip_mm": 3.4})
    write_rows(tmp_path / "matches.csv", rows)
    write_json(tmp_path / "matches.json", {"data_hash": "x"})
    return str(tmp_path)


def test_the_pair_with_most_matches_from_head_to_foot(table, tmp_path):
    examples = match_examples([case(tmp_path, name) for name in "abc"], table, count=2)
    assert [example.points_mm.tolist() for example in examples] == [
        [[-4, -6, height], [-6, -6, height]] for height in (10, 4)
    ]
    assert examples[0].caption == "score 0.91\nround trip 3 mm"
    assert examples[0].true_mm is None
    assert examples[0].images[0].shape == (8, 8, 8)
    assert np.array_equal(examples[0].affines[1], AFFINE)


def test_a_pair_with_a_known_truth_is_preferred(table, tmp_path):
    cases = [case(tmp_path, "a", vectors_mm=0), case(tmp_path, "b", vectors_mm=[0, 4, 0]), case(tmp_path, "c")]
    first, second = match_examples(cases, table)
    assert first.caption == "score 0.91\nround trip 3 mm\nerror 4 mm"
    assert first.true_mm.tolist() == pytest.approx([-4, -10, 8])
    assert second.points_mm[0, 2] == 2


def test_matches_of_other_cases_are_none(table, tmp_path):
    assert match_examples([case(tmp_path, "b")], table) == []
