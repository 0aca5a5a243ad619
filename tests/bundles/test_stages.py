"""Bundles that learn in stages: one goes on from the other, can be cut anywhere, and says what is missing."""

from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser

from tests.bundles.running import messages, run


@pytest.fixture(scope="module")
def staged(bundle):
    """Give a bundle whose pre-training has stages."""
    if "stage" not in ConfigParser.load_config_file(bundle / "configs/pretrain.json"):
        pytest.skip("the pre-training of this bundle has one stage")
    return bundle


def where(folder: Path) -> dict[str, str]:
    return {"output_dir": str(folder), "models_dir": str(folder)}


def state(folder: Path) -> dict:
    return torch.load(folder / "checkpoint.pt", weights_only=True)


@pytest.fixture(scope="module")
def first(staged, tmp_path_factory):
    """Train the first stage."""
    folder = tmp_path_factory.mktemp("first")
    run(staged, "pretrain+demo", epochs=1, **where(folder))
    return folder


def test_the_adversary_goes_on_from_the_whole_state(staged, first, tmp_path):
    words = {"stage": "dira", "earlier": str(first / "checkpoint.pt"), "learning_rate": 0.0, "momentum": 1.0}
    run(staged, "pretrain+demo", epochs=1, **words, **where(tmp_path))
    before, after = state(first), state(tmp_path)
    ours, theirs = (one["objects"]["network"] for one in (after, before))
    parameters = [key for key in theirs if "running" not in key and "num_batches" not in key and "queue" not in key]
    assert all(torch.equal(ours[key], theirs[key]) for key in parameters)
    steps = after["engine"]["iteration"]
    assert int(ours["pairing.queue.step"]) == int(theirs["pairing.queue.step"]) + steps
    assert after["objects"]["discriminator_optimizer"]["state"]


def test_a_resumed_second_stage_keeps_its_own_state(staged, first, tmp_path):
    words = {"stage": "dira", "earlier": str(first / "checkpoint.pt"), "epochs": 1, **where(tmp_path)}
    run(staged, "pretrain+demo", **words)
    ended = state(tmp_path)
    run(staged, "pretrain+demo", resume=True, **words)
    again = state(tmp_path)
    assert again["engine"]["iteration"] == ended["engine"]["iteration"]
    networks = [one["objects"]["network"] for one in (ended, again)]
    assert all(torch.equal(networks[0][key], networks[1][key]) for key in networks[0])


def test_a_missing_first_stage_is_named(staged, tmp_path):
    with pytest.raises(RuntimeError) as error:
        run(staged, "pretrain+demo", stage="dira", epochs=1, **where(tmp_path / "second"))
    assert "there is no checkpoint.pt in pretrain/" in messages(error.value)


@pytest.mark.parametrize("contrast", ["barlow_twins", "simsiam"])
def test_other_ways_to_compare_views_train_too(staged, tmp_path, contrast):
    run(staged, "pretrain+demo", epochs=1, contrast=contrast, **where(tmp_path))
    assert "queue_age" not in (tmp_path / "history.csv").read_text()
    assert "similarity_positive" in (tmp_path / "history.csv").read_text()


def test_batches_that_do_not_divide_the_queue_are_refused(staged, tmp_path):
    with pytest.raises(RuntimeError) as error:
        run(staged, "pretrain+demo", epochs=1, queue_size=9, **where(tmp_path))
    assert "queue of 9 keys needs batches that divide it, got 2 keys a step" in messages(error.value)
