import pytest
import torch

from medssl.checks import read_settings
from medssl.checks.needs import innermost, unmet_needs
from medssl.weights import write_weights
from tests.checks.small_bundle import write_bundle


def needs(folder, **words):
    return unmet_needs(read_settings(folder, ["pretrain"], words=words))


def test_a_run_that_has_all_it_needs(tmp_path):
    assert needs(write_bundle(tmp_path)) == []


def test_what_the_config_demands_is_asked(tmp_path):
    (need,) = needs(write_bundle(tmp_path), resume="true")
    assert "need True or False" in need


@pytest.mark.parametrize(
    ("device", "problem"),
    [("cuda", "there is no CUDA device"), ("mps", "there is none here"), ("gpu", "--device: ")],
)
def test_devices_that_are_not_there(device, problem, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    (need,) = needs(write_bundle(tmp_path), device=device)
    assert problem in need


def test_devices_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert needs(write_bundle(tmp_path), device="cuda:1") == []
    assert needs(write_bundle(tmp_path), device="cuda:2") == [
        "--device cuda:2: there are 2 CUDA devices, numbered from 0."
    ]


def test_weights_are_compared_with_their_page(tmp_path):
    folder = write_bundle(tmp_path)
    path = write_weights(tmp_path / "w.pt", {"a.weight": torch.zeros(1)})
    assert needs(folder, pretrained=str(path)) == []
    path.write_bytes(b"other")
    assert "needs sha256" in needs(folder, pretrained=str(path))[0]
    assert "there is no file" in needs(folder, pretrained=str(tmp_path / "absent.pt"))[0]


def test_the_innermost_error_speaks():
    error = RuntimeError("outer")
    error.__cause__ = ValueError("inner")
    assert innermost(error) == "inner"
    assert innermost(KeyError()) == "KeyError"
