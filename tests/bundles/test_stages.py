"""Bundles that learn in stages: one goes on from the other, can be cut anywhere, and says what is missing."""

import json
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser

from tests.bundles.running import kill_at_first_state, messages, run, start


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


@pytest.fixture(scope="module")
def second(staged, first, tmp_path_factory):
    """Train the second stage for two unbroken epochs."""
    folder = tmp_path_factory.mktemp("second")
    run(staged, "pretrain+demo", **second_words(first, folder))
    return folder


def second_words(first: Path, folder: Path) -> dict:
    words = {"stage": "dira", "earlier": str(first / "checkpoint.pt"), "epochs": 2, "half_precision": False}
    return {**words, **where(folder)}


@pytest.mark.slow
def test_a_killed_second_stage_continues_to_the_very_same_state(staged, first, second, tmp_path):
    words = second_words(first, tmp_path)
    cut = kill_at_first_state(start(staged, "pretrain+demo", checkpoint_minutes=1e-6, **words), tmp_path)
    assert 0 < cut["iteration"] < 2 * cut["epoch_length"]
    run(staged, "pretrain+demo", resume=True, **words)
    whole, continued = state(second)["objects"], state(tmp_path)["objects"]
    for name in ("network", "discriminator"):
        assert all(torch.equal(whole[name][key], continued[name][key]) for key in whole[name])


RANKS = {"run": ["$@train#trainer.run()", "$torch.save([@placed.state_dict(), @discriminator.state_dict()], @saved)"]}


@pytest.mark.slow
def test_two_processes_end_with_one_queue_and_one_discriminator(staged, first, tmp_path):
    overlay = {**RANKS, "saved": f"$'{tmp_path}/rank' + str(@rank) + '.pt'"}
    (staged / "configs/save_ranks.json").write_text(json.dumps(overlay))
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    process = start(
        staged, "pretrain+demo+multi_gpu_pretrain+save_ranks", launcher=launcher, **second_words(first, tmp_path)
    )
    output = process.communicate(timeout=240)[0]
    (staged / "configs/save_ranks.json").unlink()
    assert process.returncode == 0, output
    ours, theirs = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert int(ours[0]["pairing.queue.step"]) > int(state(first)["objects"]["network"]["pairing.queue.step"])
    for one, other in zip(ours, theirs, strict=True):
        parts = [key for key in one if "running" not in key and "num_batches" not in key]
        assert all(torch.equal(one[key], other[key]) for key in parts)


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
