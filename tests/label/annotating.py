"""What an annotator does with a server, and what a training should start from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from monai.bundle import ConfigParser
from monai.utils import set_determinism

from medssl.data import read_image, read_plane, read_rows
from tests.label.serving import Answer, Server

CPU = {"device": "cpu"}


def name_of(image: Path) -> str:
    """What MONAI Label calls an image."""
    return image.name.split(".")[0]


def pixels(path: Path, flat: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Values of an image or mask, and its affine."""
    values, affine = read_plane(path, window="none") if flat else read_image(path)
    return np.asarray(values)[0], np.asarray(affine)


def dice(mask: np.ndarray, truth: np.ndarray) -> float:
    """Mean Dice over the structures that are there."""
    present = [label for label in np.unique(truth) if label]
    pairs = [(mask == label, truth == label) for label in present]
    return float(np.mean([2 * (a & b).sum() / (a.sum() + b.sum()) for a, b in pairs]))


def infer(server: Server, model: str, image: str) -> Answer:
    """Ask for the mask of an image that the server has."""
    return server.ask("POST", f"/infer/{model}", form={"params": CPU}, image=image, output="image")


def put_label(server: Server, case: Mapping[str, Path]) -> Answer:
    """Hand in the finished mask of an image."""
    form = {"params": {}, "label": case["label"]}
    return server.ask("PUT", "/datastore/label", form=form, image=name_of(case["image"]), tag="final")


def train(server: Server, model: str, **words: Any) -> float:
    """Press Train for one epoch of one step; gives its loss."""
    history = server.app / "model" / model / "eval/train/history.csv"
    history.unlink(missing_ok=True)
    request = {**CPU, "max_epochs": 1, "learning_rate": 0.001, "freeze_encoder": 0, **words}
    answer = server.ask("POST", f"/train/{model}", body=request, run_sync="true", enqueue="false")
    assert answer.status == 200, server.said()[-5000:]
    return float(read_rows(history)[0]["loss"])


def first_loss(bundle: Path, case: Mapping[str, Path], start: Path) -> float:
    """Loss of the first step of a training on one image that starts from some weights, without MONAI Label."""
    parser = ConfigParser()
    parser.read_config(bundle / "configs/train.json")
    data = [{name: str(case[name]) for name in ("image", "label")}]
    words = {"bundle_root": str(bundle), "pretrained": str(start), "device": "cpu", "num_workers": 0}
    parser.update({**words, "train#dataset#data": data})
    set_determinism(0)
    network, loader, inferer, loss = map(
        parser.get_parsed_content, ("network", "train#dataloader", "train#inferer", "loss")
    )
    loader.sampler.set_epoch(1)
    batch = next(iter(loader))
    value = float(loss(inferer(batch["image"], network.train()), batch["label"]))
    set_determinism(None)
    return value
