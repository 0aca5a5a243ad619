import numpy
import pytest
from monai.bundle import ConfigParser

from medssl import __version__
from medssl.weights import installed_versions, package, require_choices, require_package, require_switches


@pytest.mark.parametrize("version", [__version__, "0.0.7", __version__.rpartition(".")[0] + ".99"])
def test_same_or_older_bundle_runs(version):
    assert require_package(version) is True


@pytest.mark.parametrize("version", ["0.99.0", "7.0.0"])
def test_newer_bundle_says_what_to_install(version):
    minor = version.rpartition(".")[0]
    with pytest.raises(ValueError, match=f"needs medssl {minor} or newer, {__version__} is.*pip install.*>={minor}"):
        require_package(version)


def test_a_package_that_a_bundle_carries_is_for_bundles_that_carry_the_same(tmp_path, monkeypatch):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/metadata.json").write_text("{}")
    monkeypatch.setattr(package, "HOLDER", tmp_path)
    assert require_package(__version__) is True
    assert require_package("0.1") is True
    with pytest.raises(ValueError, match=f"carries medssl 0.0.7, .* {__version__} that the bundle '{tmp_path.name}'"):
        require_package("0.0.7")


def config(version, switch):
    return ConfigParser(
        {
            "package": {"_target_": "medssl.weights.require_package", "version": version},
            "switches": {"_target_": "medssl.weights.require_switches", "amp": switch},
            "network_def": {"_target_": "torch.nn.Identity", "_requires_": ["@package", "@switches"]},
        }
    ).get_parsed_content("network_def")


def test_network_of_a_config_asks_first():
    assert config(__version__, True) is not None
    with pytest.raises(RuntimeError) as refused:
        config("7.0.0", True)
    assert "pip install" in str(refused.value.__cause__)


@pytest.mark.parametrize("value", ["true", "False", 1, None])
def test_a_switch_is_true_or_false(value):
    assert require_switches(amp=True, compile=False) is True
    with pytest.raises(ValueError, match=f"True or False.*--amp {value!r}"):
        require_switches(compile=True, amp=value)


def test_versions():
    versions = installed_versions()
    assert versions["medssl"] == __version__
    assert versions["numpy"] == numpy.__version__


def test_words_have_values_that_they_can_have():
    assert require_choices({"stage": "dir"}, {"stage": ["di", "dir"]})


def test_other_values_are_named_with_the_choices():
    with pytest.raises(ValueError, match=r"--stage is one of \['di', 'dir'\], got 'dar'; choose one"):
        require_choices({"stage": "dar"}, {"stage": ["di", "dir"]})
