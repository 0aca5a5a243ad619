"""Hosts come with the planes that cut them, and only those with something to learn."""

import logging
import pickle

import numpy as np
import pytest

from medssl.data import StudyHosts

ACROSS = {"x": np.eye(4)[[2, 1, 0, 3]], "z": np.eye(4)}  # by normal


def stack(view, number, *, normal="z", count=1, located=False, placed=True):
    """Planes 10 mm apart along their normal."""
    planes = []
    for place in range(count):
        affine = ACROSS[normal].copy()
        affine["xyz".index(normal), 3] = 10 * place
        planes.append(
            {
                "file": f"planes/{view}{number}{place}.npy",
                "view": view,
                "stack": number,
                "number": place,
                "affine": affine.tolist(),
                "frames": 2,
                "location": place / (count - 1) if located else None,
                "stack_mm": 10.0 * (count - 1),
                "placed": placed,
            }
        )
    return planes


def study(*stacks):
    return {"study": "s", "patient": "p", "planes": [plane for planes in stacks for plane in planes]}


def hosts(*studies, pairs, **words):
    return StudyHosts(studies, studies_dir="s", pairs=pairs, **words)


HEART = study(
    stack("SAX", 0, count=5, located=True), stack("2CH", 1, normal="x"), stack("2CH", 2, normal="x"), stack("RVOT", 3)
)


def test_items_by_hand():
    found = hosts(HEART, pairs={"SAX": ["2CH", "4CH"], "2CH": ["SAX:base", "SAX:apex", "SAX"]})
    assert found.channels == ["2CH", "4CH", "SAX:base", "SAX:apex", "SAX"]
    assert [(item["view"], item["host"], len(item["planes"])) for item in found] == [
        ("SAX", 0, 5),
        ("2CH", 1, 1),
        ("2CH", 1, 1),
    ]
    sax, chamber, _ = found
    assert [len(guests) for guests in sax["guests"]] == [2, 0, 0, 0, 0]
    heights = [[np.array(affine)[2, 3] for affine in guests] for guests in chamber["guests"]]
    assert heights == [[], [], [0], [40], [20]]
    assert chamber["planes"][0]["file"].endswith("/s/planes/2CH10.npy")
    assert chamber["planes"][0]["file"].startswith("/")


def test_a_slice_an_item():
    pairs = {"SAX": ["2CH"]}
    whole, single = hosts(HEART, pairs=pairs), hosts(HEART, pairs=pairs, every_slice=True)
    assert (len(whole), len(single)) == (1, 5)
    assert [item["planes"] for item in single] == [[plane] for plane in whole[0]["planes"]]
    assert single[4]["guests"] == whole[0]["guests"]
    assert single[1:3] == [single[1], single[2]]
    with pytest.raises(IndexError):
        single[5]


def test_ends_of_a_stack_are_known_with_its_direction():
    """Without a direction nobody knows which end is the base; folded, the middle lies at 0."""
    for locations in ([None] * 3, [1, 0, 1]):
        guests = stack("SAX", 0, count=3)
        for plane, location in zip(guests, locations, strict=True):
            plane["location"] = location
        pairs = {"2CH": ["SAX:base", "SAX:apex", "SAX:centre"]}
        (item,) = hosts(study(guests, stack("2CH", 1, normal="x")), pairs=pairs)
        assert [len(affines) for affines in item["guests"]] == [0, 0, 1]


@pytest.mark.parametrize(
    ("stacks", "tasks", "known"),
    [
        pytest.param([stack("A", 0, count=3, located=True)], ["location"], True, id="place-known"),
        pytest.param([stack("A", 0, count=3, located=True)], ["lines"], False, id="nothing-cuts-it"),
        pytest.param([stack("A", 0), stack("B", 1, normal="x")], ["lines"], True, id="cut"),
        pytest.param([stack("A", 0), stack("B", 1, normal="x")], ["position"], True, id="position"),
        pytest.param([stack("A", 0), stack("B", 1, normal="x")], ["location"], False, id="cut-and-no-place"),
        pytest.param([stack("A", 0), stack("B", 1)], ["lines", "location"], False, id="parallel"),
        pytest.param([stack("A", 0), stack("B", 1, normal="x", placed=False)], ["lines"], False, id="guest-nowhere"),
        pytest.param([stack("A", 0, placed=False), stack("B", 1, normal="x")], ["lines"], False, id="host-nowhere"),
        pytest.param([stack("A", 0), stack("A", 1, normal="x")], ["lines"], False, id="view-not-paired"),
    ],
)
def test_only_hosts_with_something_to_learn(stacks, tasks, known, caplog):
    caplog.set_level(logging.INFO, logger="medssl")
    good = study(stack("A", 0, count=3, located=True), stack("B", 1, normal="x"))
    found = hosts(good, study(*stacks), pairs={"A": ["B"]}, tasks=tasks)
    left = len([plane for planes in stacks for plane in planes[:1] if plane["view"] == "A"])
    assert len(found) == 1 + known
    assert (f"left out {left} of {1 + left} stacks of ['A']" in caplog.text) == (not known)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"tasks": ["line"]}, r"tasks are some of \['lines', 'location', 'position'\], got \['line'\]"),
        ({"tasks": []}, r"got \[\]"),
        ({"pairs": {"SAX": ["2CH:top"]}}, r"A guest is a view, or a view and .*, got \['2CH:top'\]"),
        ({"pairs": {"COR": ["SAG"]}}, r"None of 0 stacks of \['COR'\] in 1 studies has anything to learn"),
    ],
    ids=["task", "no-task", "place", "no-host"],
)
def test_words_must_be_understood(words, message):
    with pytest.raises(ValueError, match=message):
        hosts(HEART, **{"pairs": {"SAX": ["2CH"]}, **words})


def test_workers_get_the_same():
    found = hosts(HEART, pairs={"SAX": ["2CH"]})
    assert pickle.loads(pickle.dumps(found))[0] == found[0]


def test_items_come_again_after_all_others():
    found = hosts(HEART, pairs={"SAX": ["2CH"], "2CH": ["SAX"]}, repeats=2)
    assert [item["view"] for item in found] == ["SAX", "2CH", "2CH"] * 2
