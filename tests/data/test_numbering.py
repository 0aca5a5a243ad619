"""Classes become numbers as the words say."""

import pytest

from medssl.data.numbering import class_words, number_classes

NAMES = ["Mass", "Nodule", "Edema"]


def numbered(given, names=(), *, others="error", multi_label=False):
    """Classes of entries a, b, c, ... as (name, class); a None stands for an entry without one."""
    entries = [
        {"image": f"{letter}.png"} | ({} if value is None else {"class": value})
        for letter, value in zip("abcdef", given, strict=False)
    ]
    found = number_classes(entries, names=names, others=others, multi_label=multi_label)
    return [(entry["image"][0], entry.get("class")) for entry in found]


@pytest.mark.parametrize(
    ("given", "names", "expected"),
    [
        pytest.param(["ill", "well", None, "ill"], (), [0, 1, None, 0], id="alphabet"),
        pytest.param(["1", 0, "12"], (), [1, 0, 12], id="numbers-stay"),
        pytest.param(["ill", "well", None], ("well", "ill"), [1, 0, None], id="order-of-the-names"),
        pytest.param([1, "0"], ("well", "ill"), [1, 0], id="numbers-of-the-names"),
        pytest.param(["1", "2"], ("2", "1"), [1, 0], id="names-that-are-numbers"),
        pytest.param([[0, 1, 0], None], (), [[0, 1, 0], None], id="several-stay"),
    ],
)
def test_one_class_each(given, names, expected):
    assert [number for _, number in numbered(given, names)] == expected


def test_others_may_be_left_out():
    assert numbered(["b", "x", None, "a", "y"], ["a", "b"], others="leave_out") == [("a", 1), ("c", None), ("d", 0)]


@pytest.mark.parametrize(
    ("given", "names", "expected"),
    [
        pytest.param(
            [["Edema", "Mass"], [], ["Nodule"]], NAMES, [[1, 0, 1], [0, 0, 0], [0, 1, 0]], id="lists-of-names"
        ),
        pytest.param(["Mass | Edema", "No Finding", "Edema"], NAMES, [[1, 0, 1], [0, 0, 0], [0, 0, 1]], id="text"),
        pytest.param([[0, 1, 1], ["1", "0", "0"], None], NAMES, [[0, 1, 1], [1, 0, 0], None], id="numbers"),
        pytest.param([[0, 1], [1, 1]], (), [[0, 1], [1, 1]], id="numbers-without-names"),
        pytest.param(["b|a", "c", "No Finding"], (), [[1, 1, 0], [0, 0, 1], [0, 0, 0]], id="alphabet"),
        pytest.param([1, "0"], ["Mass"], [[1], [0]], id="one-class-that-is-there-or-not"),
    ],
)
def test_several_classes(given, names, expected):
    assert [number for _, number in numbered(given, names, multi_label=True)] == expected


def test_of_several_only_the_unknown_name_is_left_out():
    found = numbered(["Mass|Hernia", "Hernia"], NAMES, others="leave_out", multi_label=True)
    assert found == [("a", [1, 0, 0]), ("b", [0, 0, 0])]


@pytest.mark.parametrize(
    ("given", "words", "message"),
    [
        pytest.param(
            ["a", "x", "x"],
            {"names": ["a", "b"]},
            r"b.png and 1 other cases has the class 'x', known are \['a', 'b'\]; correct the list, name the class",
            id="unknown",
        ),
        pytest.param([2], {"names": ["a", "b"]}, "a.png has the class '2', known are", id="number-too-large"),
        pytest.param(
            ["Mass|Cyst"], {"names": NAMES, "multi_label": True}, "a.png has the class 'Cyst'", id="one-of-several"
        ),
        pytest.param(
            [[0, 1, 0], [0, 1]],
            {"names": NAMES, "multi_label": True},
            r"b.png has the labels \[0, 1\], needed are 3 of 0 or 1, one a class; correct the list or the names",
            id="too-few-labels",
        ),
        pytest.param([[0, 1], [1]], {"multi_label": True}, r"b.png has the labels \[1\], needed are 2", id="uneven"),
        pytest.param([[0, 2]], {"multi_label": True}, r"a.png has the labels \[0, 2\], needed", id="neither-0-nor-1"),
        pytest.param([[0, -1]], {"multi_label": True}, r"a.png has the labels \[0, -1\], needed", id="uncertain"),
        pytest.param([[0, 1]], {"names": NAMES}, r"several classes, \[0, 1\]; set multi_label to True", id="not-said"),
    ],
)
def test_refuses(given, words, message):
    with pytest.raises(ValueError, match=message):
        numbered(given, **words)


def test_words_by_default():
    assert class_words(None) == {"key": "class", "names": (), "others": "error", "multi_label": False}
    assert class_words({"names": ["a"]})["names"] == ["a"]


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        pytest.param({"name": ["a"]}, ValueError, r"classes knows the words .* got \['name'\]", id="unknown-word"),
        pytest.param({"names": "a"}, TypeError, "names is a list such as", id="names-no-list"),
        pytest.param({"names": ["a", "a"]}, ValueError, "names each class once", id="names-twice"),
        pytest.param({"others": "drop"}, ValueError, r"one of \['error', 'leave_out'\], got 'drop'", id="others"),
        pytest.param({"multi_label": "True"}, TypeError, "multi_label is True or False", id="switch"),
    ],
)
def test_refuses_words(words, error, message):
    with pytest.raises(error, match=message):
        class_words(words)
