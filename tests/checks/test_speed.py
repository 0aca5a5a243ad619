import json
import subprocess

import numpy as np
import pytest
from monai.bundle import ConfigParser

from medssl.checks import Rate, benchmark_bundle, bottleneck, measure_bundle, rate_table

FLIPS = {"_target_": "medssl.transforms.RandRepeatedFlipd", "keys": ["image", "volume"], "prob": 0.1}
PRETRAIN = {
    "bundle_root": ".",
    "device": "cpu",
    "batch_size": 3,
    "num_workers": 2,
    "items": [{"image": np.full((1, 8, 8), 0.5, dtype=np.float32)}],
    "perturbations": {
        "_desc_": "Two of them.",
        "alone": FLIPS,
        "both": {"_target_": "Compose", "transforms": [FLIPS, {"_target_": "RandFlipd", "keys": "image"}]},
    },
    "network": {"_target_": "torch.nn.Conv2d", "in_channels": 1, "out_channels": 1, "kernel_size": 1},
    "network_call": {"_target_": "SimpleInferer"},
    "loss": {"_target_": "medssl.losses.WeightedLoss", "losses": {}, "weights": {}},
    "optimizer": {"_target_": "torch.optim.SGD", "params": "$@network.parameters()", "lr": 0.1},
    "prepare_batch": {"_target_": "medssl.engines.PrepareTargets", "tasks": ["volume"]},
    "train": {
        "preprocessing": {
            "_target_": "Compose",
            "transforms": [{"_target_": "CopyItemsd", "keys": "image", "names": "volume"}, "@perturbations#both"],
        },
        "dataset": {"_target_": "Dataset", "data": "@items", "transform": "@train#preprocessing"},
        "inferer": {"_target_": "SimpleInferer"},
    },
}


class Difference:
    def __call__(self, prediction, targets):
        return (prediction - targets["volume"]).square().mean()


def parser(**words):
    return ConfigParser({**PRETRAIN, "loss": Difference(), **words})


def test_everything_is_measured():
    rates = measure_bundle(parser(), seconds=0.01)
    assert [(rate.stage, rate.name) for rate in rates] == [
        ("reading", "all before chance"),
        ("set", "alone"),
        ("set", "both"),
        ("transform", "both: RandRepeatedFlipd"),
        ("transform", "both: RandFlipd"),
        ("augmenting", "all from chance on"),
        ("training step", "forward, loss, backward, update"),
    ]
    assert all(rate.seconds > 0 for rate in rates)


def test_measuring_leaves_the_chances_of_the_config():
    one = parser()
    measure_bundle(one, seconds=0.01)
    assert one.get_parsed_content("perturbations#both").transforms[0].transform.prob == 0.1


def test_reading_by_chance_is_reading():
    copy = {"_target_": "CopyItemsd", "keys": "image", "names": "volume"}
    preprocessing = {"_target_": "Compose", "transforms": [FLIPS | {"keys": "image"}, copy]}
    one = parser(train=PRETRAIN["train"] | {"preprocessing": preprocessing}, perturbations={})
    (reading, augmenting, _) = measure_bundle(one, seconds=0.01)
    assert (reading.stage, reading.name) == ("reading", "RandRepeatedFlipd, which reads by chance")
    assert augmenting.stage == "augmenting"


def test_what_the_network_takes_beside_the_image_is_given():
    calls = []

    def inferer(image, network, *args, **kwargs):
        calls.append([len(each) for each in args])
        return network(image)

    prepare = {"_target_": "medssl.engines.PrepareTargets", "tasks": ["volume"], "beside": ["volume"]}
    measure_bundle(parser(prepare_batch=prepare, train=PRETRAIN["train"] | {"inferer": inferer}), seconds=0.01)
    assert calls
    assert set(map(tuple, calls)) == {(3,)}


RATES = [Rate("reading", "a", 0.01), Rate("augmenting", "b", 0.03), Rate("training step", "c", 0.025)]


@pytest.mark.parametrize(
    ("workers", "step", "expected"),
    [
        pytest.param(2, 0.025, "training step. Images/s: 50.0 from loading with 2 workers, 40.0 through", id="step"),
        pytest.param(1, 0.025, "augmenting. Images/s: 25.0 from loading with 1 workers", id="augmenting"),
        pytest.param(0, 0.025, "augmenting. Images/s: 25.0 from loading with 0 workers", id="no-workers"),
    ],
)
def test_bottleneck_by_hand(workers, step, expected):
    assert bottleneck([*RATES[:2], Rate("training step", "c", step)], workers).startswith(f"Bottleneck: {expected}")


def test_slow_reading_is_named():
    assert "Bottleneck: reading." in bottleneck([Rate("reading", "a", 1.0), *RATES[1:]], 4)


def test_table_by_hand():
    assert rate_table(RATES[:2]).splitlines() == [
        "stage          part   ms/image   images/s",
        "reading        a        10.000      100.0",
        "augmenting     b        30.000       33.3",
    ]


def bundle(folder, *, preparation):
    """A bundle whose images are in a file that its preparation writes."""
    items = {"_target_": "numpy.load", "file": "$@bundle_root + '/items.npy'", "allow_pickle": True}
    config = {**PRETRAIN, "items": items}
    config["loss"] = {"_target_": "torch.nn.MSELoss"}
    config["prepare_batch"] = "$lambda batch, device: (batch['image'], batch['volume'])"
    (folder / "configs").mkdir()
    for name in ("pretrain", "demo", *(["discover"] if preparation else [])):
        (folder / "configs" / f"{name}.json").write_text(json.dumps(config if name == "pretrain" else {}))
    return folder


def test_what_is_not_prepared_is_prepared_first(tmp_path, monkeypatch):
    folder, commands = bundle(tmp_path, preparation=True), []

    def run(command, *, cwd, check):
        commands.append(command[1:])
        np.save(cwd / "items.npy", np.array(PRETRAIN["items"], dtype=object))

    monkeypatch.setattr(subprocess, "run", run)
    text = benchmark_bundle(folder, seconds=0.01)
    files = "['configs/discover.json','configs/demo.json']"
    assert commands == [["-m", "monai.bundle", "run", "--config_file", files]]
    assert text.splitlines()[-1].startswith("Bottleneck: ")


def test_what_cannot_be_prepared_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match=r"numpy.load"):
        benchmark_bundle(bundle(tmp_path, preparation=False))
