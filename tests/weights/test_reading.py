import argparse
import pickle

import numpy as np
import pytest
import torch

from medssl.weights import read_checkpoint, without_wrappers

STATE = {"encoder.weight": torch.ones(2)}
TRAINING = {
    "epoch": 3,
    "state_dict": STATE,
    "optimizer_state_dict": {"state": {}, "param_groups": [{"lr": 0.001}]},
    "num_epoch_no_improvement": 0,
    "best_loss": np.float64(0.25),
    "best_acc": np.float32(0.5),
}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(STATE, id="plain"),
        pytest.param({"model": STATE, "epoch": 1}, id="model"),
        pytest.param(TRAINING, id="published-trainer-with-numpy-numbers"),
        pytest.param({"state_dict": STATE, "best": np.int64(3), "stopped": np.bool_(True)}, id="whole-numpy-numbers"),
    ],
)
def test_tensors_come_out(saved, content):
    state = read_checkpoint(saved(content))
    assert list(state) == list(STATE)
    assert state["encoder.weight"].tolist() == [1, 1]


def test_numbers_of_older_numpy(tmp_path):
    torch.save(TRAINING, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    data = (tmp_path / "old.pt").read_bytes().replace(b"cnumpy._core.multiarray", b"cnumpy.core.multiarray")
    (tmp_path / "old.pt").write_bytes(data)
    assert list(read_checkpoint(tmp_path / "old.pt")) == list(STATE)


class Trap:
    """Would make a folder when unpickled carelessly."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.path),)


def test_code_is_named_and_not_run(saved, tmp_path):
    path = saved({"state_dict": STATE, "trap": Trap(tmp_path / "sprung")})
    with pytest.raises(ValueError, match=r"weights.pt holds Python objects \(.*mkdir\).*not opened.*state_dict\(\)"):
        read_checkpoint(path)
    assert not (tmp_path / "sprung").exists()


def test_whole_pickled_model_is_refused(saved):
    with pytest.raises(ValueError, match=r"holds Python objects \(torch.nn.modules.linear.Linear"):
        read_checkpoint(saved(torch.nn.Linear(1, 1)))


def test_settings_object_is_refused(saved):
    with pytest.raises(ValueError, match=r"argparse\.Namespace"):
        read_checkpoint(saved({"model": STATE, "args": argparse.Namespace(lr=1)}))


def damaged(path):
    path.write_bytes(path.read_bytes()[:200])


def other_format(path):
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))


def plain_pickle(path):
    path.write_bytes(pickle.dumps({"a": 1}, protocol=2))


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [damaged, other_format, plain_pickle, empty], ids=lambda spoil: spoil.__name__)
def test_no_weights_file(saved, spoil):
    path = saved(STATE)
    spoil(path)
    with pytest.raises(ValueError, match=r"weights.pt (is no PyTorch weights file|needs to be a state dict)"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param({"epoch": 1}, "got epoch", id="no-state"),
        pytest.param(torch.ones(1), "got Tensor", id="tensor"),
        pytest.param({}, "needs to be a state dict", id="empty"),
        pytest.param({"a": torch.ones(1), "b": 2}, "got a, b", id="mixed"),
    ],
)
def test_no_state_dict(saved, content, message):
    with pytest.raises(ValueError, match=message):
        read_checkpoint(saved(content))


def test_missing_file(tmp_path):
    with pytest.raises(ValueError, match=r"there is none at .*nothing.pt"):
        read_checkpoint(tmp_path / "nothing.pt")


def test_wrappers_leave_the_names():
    keys = ["module.encoder.a", "_orig_mod.encoder.b", "module._orig_mod.encoder.c", "net.module.d", "submodule.e"]
    state = dict.fromkeys(keys, torch.ones(1))
    assert list(without_wrappers(state)) == ["encoder.a", "encoder.b", "encoder.c", "net.d", "submodule.e"]


def test_wrapped_and_plain_cannot_both_be():
    with pytest.raises(ValueError, match=r"got encoder\.a both"):
        without_wrappers({"module.encoder.a": torch.ones(1), "encoder.a": torch.ones(1)})
