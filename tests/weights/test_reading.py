import argparse
import logging
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


def test_settings_are_read_and_what_is_in_them_is_looked_at(saved, tmp_path):
    settings = argparse.Namespace(lr=1e-4, arch="net", betas=(0.9, 0.999), resume=None, loss=np.float64(0.5))
    assert list(read_checkpoint(saved({"model": STATE, "args": settings}))) == list(STATE)
    settings.trap = Trap(tmp_path / "sprung")
    with pytest.raises(ValueError, match=r"holds Python objects \(.*mkdir\)"):
        read_checkpoint(saved({"model": STATE, "args": settings}))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(("take", "value"), [("", 1), ("student", 1), ("teacher", 2)])
def test_one_of_two_networks_is_taken(saved, caplog, take, value):
    content = {"student": STATE, "teacher": {"encoder.weight": 2 * torch.ones(2)}, "epoch": 3}
    with caplog.at_level(logging.INFO):
        assert read_checkpoint(saved(content), take=take)["encoder.weight"].tolist() == [value, value]
    assert ("holds student and teacher; student is taken" in caplog.text) == (not take)


def test_network_that_is_not_there_is_named(saved):
    with pytest.raises(ValueError, match=r"hold one under teacher, got epoch, student\."):
        read_checkpoint(saved({"student": STATE, "epoch": 3}), take="teacher")
    with pytest.raises(ValueError, match=r"hold one under teacher, got encoder\.weight\."):
        read_checkpoint(saved(STATE), take="teacher")


def test_empty_places_count_for_nothing_and_dotted_names_beside_a_network_belong_to_it(saved):
    assert list(read_checkpoint(saved({**STATE, "state_dict": {}}))) == list(STATE)
    content = {"head.weight": torch.ones(1), "best": torch.ones(1), "state_dict": STATE}
    assert sorted(read_checkpoint(saved(content))) == ["encoder.weight", "head.weight"]


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
