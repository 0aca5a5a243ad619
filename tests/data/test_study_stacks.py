"""Which planes are a stack, in which order, and where each lies in it."""

import json
import math

import numpy as np
import pytest

from medssl.data.study_stacks import stacked

AXIAL = {"SAX": [0, 0, -1]}  # from head to feet


def plane(z, *, source=0, view="SAX", turn_deg=0.0, x=0.0, **words):
    """An axial plane at a height in mm, perhaps turned about the left-right axis, shifted in itself."""
    turn = math.radians(turn_deg)
    affine = np.eye(4)
    affine[1:3, 1:3] = [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    affine[:3, 3] = [x, 0, z]
    facts = {"view": view, "source": source, "affine": affine.tolist(), "frames": 1, "placed": True, "z": z}
    return facts | words


def brief(planes, *keys):
    return [tuple(own[key] for key in keys) for own in planes]


def test_one_stack_by_hand():
    """Out of order, with uneven gaps, a repeated position and a shift within the plane."""
    found = stacked([plane(0), plane(30, x=9), plane(40), plane(0)], AXIAL)
    expected = [(40, 0, 0, 0.0), (30, 0, 1, 0.25), (0, 0, 2, 1.0), (0, 0, 3, 1.0)]
    assert brief(found, "z", "stack", "number", "location") == expected
    assert {own["stack_mm"] for own in found} == {40}
    assert "source" not in found[0]
    json.dumps(found)


@pytest.mark.parametrize(
    ("planes", "stacks"),
    [
        pytest.param([plane(z, source=z) for z in (0, 8, 16)], 1, id="one-file-a-slice"),
        pytest.param([plane(z, source=z < 9) for z in (0, 8, 16, 24)], 1, id="two-files-of-two-slices"),
        pytest.param([plane(z) for z in (0, 8)], 2, id="two-positions"),
        pytest.param([plane(z) for z in (0, 0.05, 8)], 3, id="two-and-the-same-again"),
        pytest.param([plane(z, view=v) for z, v in [(0, "a"), (8, "b"), (16, "a")]], 3, id="other-views"),
        pytest.param([plane(z, turn_deg=0.9 * (z > 9)) for z in (0, 8, 16)], 1, id="within-a-degree"),
        pytest.param([plane(z, turn_deg=1.1 * (z > 9)) for z in (0, 8, 16)], 3, id="beyond-a-degree"),
        pytest.param([plane(z, source=s) for s in (0, 1) for z in (0, 8, 16)], 2, id="two-files-of-one-place"),
        pytest.param([plane(z, source=z, frames=1 + 24 * (z > 20)) for z in range(0, 48, 8)], 2, id="still-and-cine"),
        pytest.param([plane(z, source=z, placed=False) for z in (0, 8, 16)], 3, id="lying-nowhere"),
        pytest.param([plane(z, placed=False) for z in (0, 8, 16)], 1, id="lying-nowhere-in-one-file"),
    ],
)
def test_what_is_a_stack(planes, stacks):
    assert len({own["stack"] for own in stacked(planes, AXIAL)}) == stacks


def test_other_pixels_are_another_stack():
    small = [plane(z, source=z) for z in (0, 8, 16)]
    for own in small[:2]:
        own["affine"] = (np.array(own["affine"]) @ np.diag([1.1, 1.1, 1, 1])).tolist()
    assert len({own["stack"] for own in stacked(small, AXIAL)}) == 3


def test_stacks_keep_the_order_of_their_files():
    planes = [plane(0, source=0, view="4CH"), *(plane(z, source=z) for z in (8, 16, 24)), plane(0, source=30, view="b")]
    assert brief(stacked(planes, AXIAL), "view", "stack")[:: len(planes) - 1] == [("4CH", 0), ("b", 2)]


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        pytest.param({"SAX": [0, 0, 1]}, [0, 0.25, 1], id="other-way"),
        pytest.param({"SAX": [1, -1, 0.3]}, [0, 0.25, 1], id="oblique"),
        pytest.param({"SAX": "folded"}, [1, 0.5, 1], id="folded"),
        pytest.param({"SAX": [1, 1, 0]}, [None] * 3, id="across"),
        pytest.param({}, [None] * 3, id="unknown"),
    ],
)
def test_location_by_direction(directions, expected, caplog):
    found = stacked([plane(z) for z in (0, 10, 40)], directions)
    assert sorted(own["z"] for own in found) == [own["z"] for own in found]
    assert [own["location"] for own in found] == pytest.approx(expected)
    assert ("runs across its direction" in caplog.text) == (directions == {"SAX": [1, 1, 0]})


def test_what_lies_nowhere_keeps_the_order_of_its_file():
    """The sense of a lost affine means nothing; its length does, unless that is lost as well."""
    planes = [plane(z, placed=False) for z in (0, 1, 2)]
    found = stacked(planes, AXIAL)
    assert brief(found, "z", "location", "stack_mm") == [(0, 0, None), (1, 0.5, None), (2, 1, None)]
    for own in planes:
        own["affine"] = (np.array(own["affine"]) * [1, 1, 8, 8]).tolist()
    assert brief(stacked(planes, AXIAL), "stack_mm") == [(16,)] * 3


def test_a_plane_alone_has_no_location():
    assert brief(stacked([plane(5)], AXIAL), "location", "stack_mm") == [(None, 0)]


@pytest.mark.parametrize("direction", ["up", [1, 2], [0, 0, 0], None])
def test_directions_must_be_understood(direction):
    with pytest.raises(ValueError, match="The direction of SAX is three numbers"):
        stacked([plane(0)], {"SAX": direction})


def test_a_folded_stack_is_as_long_as_from_its_middle_to_an_end():
    found = stacked([plane(z, view="SAG") for z in (0, 10, 20, 30, 40)], {"SAG": "folded"})
    assert sorted(own["location"] for own in found) == [0, 0.5, 0.5, 1, 1]
    assert {own["stack_mm"] for own in found} == {20}
