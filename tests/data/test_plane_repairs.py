"""Errors of headers are noticed, named and blamed on the right stack."""

from dataclasses import replace

import numpy as np
import pytest

from medssl.data import EVERY_PLANE, judge_geometry
from medssl.data.plane_repairs import repaired_planes, repairs_of
from tests.data.plane_studies import heart

HEART = heart()
NEGATED = "x and y negated (LPS read as RAS)"
UNDONE = {
    NEGATED: NEGATED,
    "columns in reverse": "columns in reverse",
    "rows in reverse": "rows in reverse",
    "a move of +30 mm along its normal": "a move of -30 mm along its normal",
    "a move of -20 mm along its columns": "a move of +20 mm along its columns",
}


def spoiled(images, stack, error):
    return repaired_planes(images, stack, repair=repairs_of(stack)[error])


def suspects(verdicts):
    return {verdict.stack: verdict.repair for verdict in verdicts if verdict.repair or verdict.low}


def test_right_geometry_is_left_alone():
    verdicts = judge_geometry(HEART)
    assert [verdict.stack for verdict in verdicts] == ["SAX", "2CH", "4CH"]
    assert suspects(verdicts) == {}
    assert all(verdict.measure == "grey values" and verdict.found > 0.99 for verdict in verdicts)


@pytest.mark.parametrize("stack", ["SAX", "2CH", "4CH"])
@pytest.mark.parametrize("error", UNDONE)
def test_an_error_is_named_and_only_its_stack_is_blamed(stack, error):
    verdicts = judge_geometry(spoiled(HEART, stack, error))
    assert suspects(verdicts) == {stack: UNDONE[error]}
    assert verdicts[0].repaired > 0.99
    assert verdicts[0].gain > 0.2


@pytest.mark.parametrize(
    ("stack", "error"),
    [("4CH", "pixel spacings exchanged"), ("2CH", "columns and rows exchanged"), ("SAX", "slices in reverse")],
)
def test_further_errors_are_named(stack, error):
    assert suspects(judge_geometry(spoiled(HEART, stack, error))) == {stack: error}


def test_two_errors_are_both_found():
    images = spoiled(spoiled(HEART, "2CH", "rows in reverse"), "4CH", "columns in reverse")
    assert suspects(judge_geometry(images)) == {"2CH": "rows in reverse", "4CH": "columns in reverse"}


def test_an_error_of_all_planes_is_called_so():
    images = spoiled(HEART, EVERY_PLANE, "columns and rows exchanged")
    assert suspects(judge_geometry(images)) == {EVERY_PLANE: "columns and rows exchanged"}


def test_what_no_repair_explains_is_suspect_all_the_same():
    turned = spoiled(spoiled(HEART, "SAX", "columns and rows exchanged"), "SAX", "columns in reverse")
    assert suspects(judge_geometry(turned))


def test_images_of_other_contrast_are_judged_by_their_edges():
    """Another contrast: dark and bright trade places twice over the range of grey values."""
    images = [replace(i, values=np.abs(i.values - 60) if i.stack == "SAX" else i.values) for i in HEART]
    right, wrong = judge_geometry(images), judge_geometry(spoiled(images, "SAX", "rows in reverse"))
    assert {verdict.measure for verdict in right} == {"edges"}
    assert suspects(right) == {}
    assert suspects(wrong) == {"SAX": "rows in reverse"}


def test_planes_that_do_not_cross_are_not_judged():
    assert judge_geometry(HEART[:5]) == []
    assert judge_geometry([]) == []


def test_undoing_an_error_gives_the_affine_back():
    for error, undo in UNDONE.items():
        for before, after in zip(HEART, spoiled(spoiled(HEART, "SAX", error), "SAX", undo), strict=True):
            assert np.allclose(before.affine, after.affine)
