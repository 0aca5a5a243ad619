import errno
import hashlib
import json
from pathlib import Path

import pytest
import torch

from medssl.weights import read_checkpoint, verify_weights, write_weights


@pytest.fixture
def layer():
    return torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))


def test_plain_tensors_and_a_page_of_facts(layer, tmp_path):
    path = write_weights(tmp_path / "models" / "a.pt", layer, facts={"seed": 3, "metrics": {"loss": 0.5}})
    torch.testing.assert_close(torch.load(path), dict(layer.state_dict()))
    page = json.loads(path.with_suffix(".json").read_text())
    assert page["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (page["file"], page["bytes"], page["tensors"], page["numbers"]) == ("a.pt", path.stat().st_size, 7, 29)
    assert (page["seed"], page["metrics"], page["half"]) == (3, {"loss": 0.5}, False)
    assert {"medssl", "torch", "monai", "python"} <= set(page["versions"])
    assert sorted(one.name for one in path.parent.iterdir()) == ["a.json", "a.pt"]


def test_same_weights_same_bytes(layer, tmp_path):
    paths = [write_weights(tmp_path / name, layer) for name in ("a.pt", "b.pt")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_wrappers_are_not_saved(layer, tmp_path):
    wrapped = {f"module.{key}": value for key, value in layer.state_dict().items()}
    assert list(torch.load(write_weights(tmp_path / "a.pt", wrapped))) == list(layer.state_dict())


def test_half_precision_leaves_biases_and_statistics(layer, tmp_path):
    state = torch.load(write_weights(tmp_path / "a.pt", layer, half=True))
    assert {key for key, value in state.items() if value.dtype == torch.float16} == {"0.weight"}
    assert state["1.num_batches_tracked"].dtype == torch.long


def test_half_precision_refuses_what_it_cannot_hold(tmp_path):
    with pytest.raises(ValueError, match=r"\+-65504, encoder\.a reaches 100000"):
        write_weights(tmp_path / "a.pt", {"encoder.a": torch.full((1, 1), 1e5)}, half=True)


def test_a_view_does_not_drag_its_whole_tensor_along(tmp_path):
    path = write_weights(tmp_path / "a.pt", {"encoder.a": torch.zeros(100_000)[:2]})
    assert path.stat().st_size < 5000


def test_verify(layer, tmp_path):
    path = write_weights(tmp_path / "a.pt", layer, facts={"seed": 3})
    assert verify_weights(path)["seed"] == 3
    torch.save({}, path)
    with pytest.raises(ValueError, match=r"a\.pt needs sha256 .* as a\.json says, got"):
        verify_weights(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(ValueError, match=r"a\.json beside it"):
        verify_weights(path)
    with pytest.raises(ValueError, match="no weights in 'scratch': train for one epoch or more, or name a file"):
        verify_weights("scratch")


def test_full_disk_leaves_the_old_file(layer, tmp_path, monkeypatch):
    path = write_weights(tmp_path / "a.pt", layer)
    before = path.read_bytes()

    def full(self, data):
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"the disk is full, a\.pt could not"):
        write_weights(path, layer)
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.json", "a.pt"]


def test_reading_gives_back_what_was_written(layer, tmp_path):
    torch.testing.assert_close(read_checkpoint(write_weights(tmp_path / "a.pt", layer)), dict(layer.state_dict()))
