import json

import pytest

from medssl.checks import config_items, config_references, read_settings
from medssl.checks.configs import config_value, entries, runnable_configs
from tests.checks.small_bundle import write_bundle


def test_words_win_over_later_files_and_those_over_earlier(tmp_path):
    folder = write_bundle(tmp_path / "b", demo={"epochs": 1, "batch_size": 2})
    settings = read_settings(folder, ["pretrain", "demo"], words={"batch_size": 3, "grid#cube": [4, 4, 4]})
    assert [getattr(settings, name)["epochs"] for name in ("base", "files", "merged")] == [3, 1, 1]
    assert settings.files["batch_size"] == 2
    assert settings.merged["batch_size"] == 3
    assert (settings.files["grid"]["cube"], settings.merged["grid"]["cube"]) == ([8, 8, 8], [4, 4, 4])
    assert settings.merged["bundle_root"] == str(folder)


def test_words_of_monai_itself_are_none_of_the_config(tmp_path):
    settings = read_settings(write_bundle(tmp_path / "b"), ["pretrain"], words={"tracking": "mlflow", "epochs": 2})
    assert settings.words == {"epochs": 2}


def test_a_file_may_lie_elsewhere(tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps({"epochs": 7, "mine": 1}))
    settings = read_settings(write_bundle(tmp_path / "b"), ["pretrain", str(tmp_path / "mine.json")])
    assert settings.merged["epochs"] == 7
    assert settings.own == {"epochs", "mine"}


def test_further_words_leave_the_settings_alone(tmp_path):
    settings = read_settings(write_bundle(tmp_path / "b"), ["pretrain"])
    assert settings.parser(epochs=9)["epochs"] == 9
    assert settings.merged["epochs"] == 3


@pytest.mark.parametrize(
    ("names", "overlay", "message"),
    [
        pytest.param(["absent"], {}, "there is no config 'absent' in b; it has demo, pretrain", id="no-such-file"),
        pytest.param(["pretrain", "demo"], {"nowhere#deep#er": 1}, "cannot be put together", id="no-such-place"),
    ],
)
def test_refusals(names, overlay, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        read_settings(write_bundle(tmp_path / "b", demo=overlay), names)


def test_what_runs_alone(tmp_path):
    folder = write_bundle(tmp_path / "b", demo={"epochs": 1}, multi_gpu={"run": []})
    assert runnable_configs(folder) == ["pretrain.json"]


def test_items_and_values_by_hand():
    config = {"a": [{"b": 1}], "c": None}
    assert [id_ for id_, _ in config_items(config)] == ["", "a", "a#0", "a#0#b", "c"]
    assert (config_value(config, "a#0#b"), config_value(config, "a::0::b"), config_value(config, "a#1")) == (1, 1, None)
    assert (config_value(config, "a#b"), config_value(config, "c#d")) == (None, None)


@pytest.mark.parametrize(
    ("id_", "text", "expected"),
    [
        pytest.param("a", "$@b#c + @d", {"b::c", "d"}, id="expression"),
        pytest.param("a", "@b", {"b"}, id="whole"),
        pytest.param("a", "mail@b", set(), id="plain-text"),
        pytest.param("a#b#c", "@##d", {"a::d"}, id="relative"),
        pytest.param("a", "%b#c", {"b::c"}, id="macro"),
        pytest.param("a", "%other.json#b", set(), id="macro-of-another-file"),
    ],
)
def test_references_by_hand(id_, text, expected):
    assert config_references(id_, text) == expected


def test_monai_reads_by_itself():
    assert {"train", "run", "device", "network_def"} <= entries()
