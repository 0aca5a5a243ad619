import pytest

from medssl.checks import read_settings
from medssl.checks.words import empty_lists, unknown_words, wrong_kinds
from tests.checks.small_bundle import write_bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a bundle."""
    return write_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        pytest.param("epoch", "did you mean --epochs?", id="near"),
        pytest.param("x", "nothing would read it.", id="far"),
        pytest.param("grid#cubes", "did you mean --grid#cube?", id="near-in-a-group"),
        pytest.param("grid#q", "grid knows cube, spacing, window_hu.", id="far-in-a-group"),
        pytest.param("optimizer#learning", "optimizer knows dampening", id="no-argument"),
        pytest.param("optimiser#lr", "nothing would read it.", id="no-group"),
        pytest.param("run#7", "nothing would read it.", id="beyond-a-list"),
        pytest.param("epochs", "", id="known"),
        pytest.param("grid#cube", "", id="known-in-a-group"),
        pytest.param("optimizer#weight_decay", "", id="argument-that-is-not-there-yet"),
        pytest.param("run#0", "", id="in-a-list"),
        pytest.param("train#dataset#data", "", id="deep"),
    ],
)
def test_unknown_words(word, complaint, folder):
    found = list(unknown_words(read_settings(folder, ["pretrain"], words={word: 1})))
    assert len(found) == bool(complaint)
    assert all(text.startswith(f"--{word}: there is no such word") and complaint in text for text in found)


@pytest.mark.parametrize(
    ("word", "value", "complaint"),
    [
        pytest.param("resume", "true", "needs True or False", id="switch"),
        pytest.param("channels_last", "false", "needs True or False", id="switch-by-expression"),
        pytest.param("x", "true", "switches are True and False", id="switch-of-unknown-kind"),
        pytest.param("epochs", "three", "needs a whole number, such as 3", id="text-for-a-number"),
        pytest.param("epochs", True, "needs a whole number, such as 3", id="switch-for-a-number"),
        pytest.param("epochs", 2.5, "needs a whole number, such as 3", id="broken-number"),
        pytest.param("learning_rate", "high", "needs a number, such as 0.1", id="by-reference"),
        pytest.param("organs", "liver", "needs a list, such as \"['liver']\"", id="text-for-a-list"),
        pytest.param("pretrained", 5, "arrives as a number", id="number-for-text"),
        pytest.param("dataset_dir", True, "needs text, such as './data'", id="word-without-a-value"),
        pytest.param("label_glob", ("a", "b"), "commas make a list", id="list-for-text"),
        pytest.param("store", None, "MONAI drops None", id="nothing"),
        pytest.param("resume", True, "", id="good-switch"),
        pytest.param("learning_rate", 1, "", id="whole-number-is-a-number"),
        pytest.param("grid#window_hu", "percentiles", "", id="text-that-the-config-knows"),
        pytest.param("grid#window_hu", (0, 1), "", id="tuple-is-a-list"),
        pytest.param("epochs", "$1 + 1", "", id="expression"),
        pytest.param("repeats", 3, "", id="kind-that-is-not-known"),
    ],
)
def test_wrong_kinds(word, value, complaint, folder):
    found = list(wrong_kinds(read_settings(folder, ["pretrain"], words={word: value}), evaluate=True))
    assert len(found) == bool(complaint)
    assert all(text.startswith(f"--{word}") and complaint in text for text in found)


def test_expressions_are_left_alone_unless_allowed(tmp_path):
    folder = write_bundle(tmp_path, {"channels_last": f"$open('{tmp_path}/seen', 'w') is None"})
    settings = read_settings(folder, ["pretrain"], words={"channels_last": "false"})
    assert "switches are" in next(wrong_kinds(settings))
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize(("value", "count"), [([], 1), ({}, 1), (["a"], 0)])
def test_empty_lists(value, count, folder):
    assert len(list(empty_lists(read_settings(folder, ["pretrain"], words={"organs": value})))) == count
