"""Where the time of a pre-training run goes."""

from __future__ import annotations

import copy
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser
from monai.data import list_data_collate
from monai.transforms import Compose, Randomizable

from medssl.checks.timing import one_thread, seconds_per_call

__all__ = ["Rate", "benchmark_bundle", "bottleneck", "measure_bundle", "rate_table"]

logger = logging.getLogger(__name__)
PREPARATIONS = ("discover", "match", "survey")


@dataclass(frozen=True)
class Rate:
    """How long one part takes for one image.

    Args:
        stage: ``reading``, ``set``, ``transform``, ``augmenting`` or ``training step``.
        name: what was measured.
        seconds: time for one image.
    """

    stage: str
    name: str
    seconds: float


def benchmark_bundle(folder: Path | str, *, seconds: float = 2.0) -> str:
    """Measure the pre-training of a bundle on its demo's data, as a table that ends with the bottleneck.

    If those data are not prepared yet, the bundle's preparation runs first.

    Args:
        folder: the bundle.
        seconds: time for each measurement.
    """
    try:
        parser = _pretraining(Path(folder))
        parser.get_parsed_content("train#dataset")
    except (RuntimeError, ValueError) as error:
        _prepare(Path(folder), error)
        parser = _pretraining(Path(folder))
    rates = measure_bundle(parser, seconds=seconds)
    workers = parser.get_parsed_content("num_workers")
    return f"{rate_table(rates)}\n\n{bottleneck(rates, workers)}"


def _pretraining(folder: Path) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config([folder / "configs" / f"{name}.json" for name in ("pretrain", "demo")])
    parser["bundle_root"] = str(folder)
    return parser


def _prepare(folder: Path, error: Exception) -> None:
    names = [name for name in PREPARATIONS if (folder / "configs" / f"{name}.json").is_file()]
    if not names:
        raise error
    for name in names:
        logger.info("The data of the demo are not prepared yet; running configs/%s.json on them.", name)
        files = f"['configs/{name}.json','configs/demo.json']"
        subprocess.run([sys.executable, "-m", "monai.bundle", "run", "--config_file", files], cwd=folder, check=True)


def measure_bundle(parser: ConfigParser, *, seconds: float = 2.0) -> list[Rate]:
    """Measure the parts of a pre-training config.

    Reading, transforms and sets run in one thread, as in a loader's worker, each transform with chance 1; the training
    step runs as it does in training. Sets are the entries of ``perturbations``.

    Args:
        parser: the config, with data that are there.
        seconds: time for each measurement.
    """
    dataset = parser.get_parsed_content("train#dataset")
    batch = list_data_collate(
        [dataset[index % len(dataset)] for index in range(parser.get_parsed_content("batch_size"))]
    )
    rates = []
    with one_thread():
        for stage, name, task in _tasks(parser, dataset.data):
            rates.append(Rate(stage, name, seconds_per_call(task, seconds=seconds)))
    step = seconds_per_call(_training_step(parser, batch), seconds=seconds)
    return [*rates, Rate("training step", "forward, loss, backward, update", step / len(batch["image"]))]


def _tasks(parser: ConfigParser, images: Sequence[Any]) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    preprocessing = parser.get_parsed_content("train#preprocessing")
    chance = preprocessing.get_index_of_first(lambda transform: isinstance(transform, Randomizable))
    name = "all before chance" if chance else f"{type(preprocessing.transforms[0]).__name__}, which reads by chance"
    chance = max(chance, 1)
    numbers = iter(range(sys.maxsize))
    yield "reading", name, lambda: preprocessing(images[next(numbers) % len(images)], end=chance)
    item = preprocessing(images[0], end=chance)
    for name in (name for name in parser.get("perturbations", {}) if not name.startswith("_")):
        perturbation = parser.get_parsed_content(f"perturbations#{name}")
        yield "set", name, partial(perturbation, item)
        for transform in _leaves(copy.deepcopy(perturbation)) if isinstance(perturbation, Compose) else ():
            getattr(transform, "transform", transform).prob = 1.0
            yield "transform", f"{name}: {type(transform).__name__}", partial(transform, item)
    yield "augmenting", "all from chance on", partial(preprocessing, item, start=chance)


def _leaves(transform: Any) -> Iterator[Any]:
    if isinstance(transform, Compose):
        for inner in transform.transforms:
            yield from _leaves(inner)
    else:
        yield transform


def _training_step(parser: ConfigParser, batch: Any) -> Callable[[], float]:
    words = ("prepare_batch", "network", "loss", "optimizer", "train#inferer", "device")
    prepare_batch, network, loss, optimizer, inferer, device = (parser.get_parsed_content(word) for word in words)
    network.train()

    def step() -> float:
        image, targets, *beside = prepare_batch(batch, device)
        args, kwargs = beside or ((), {})
        optimizer.zero_grad()
        value = loss(inferer(image, network, *args, **kwargs), targets)
        value.backward()
        optimizer.step()
        return float(value.detach())  # waits for the device

    return step


def rate_table(rates: Sequence[Rate]) -> str:
    """Rates as lines of text.

    Args:
        rates: what was measured.
    """
    width = max(len(name) for name in ("part", *(rate.name for rate in rates)))
    lines = [f"{'stage':13}  {'part':{width}}  {'ms/image':>9}  {'images/s':>9}"]
    for rate in rates:
        times = f"{1e3 * rate.seconds:9.3f}  {1 / rate.seconds:9.1f}"
        lines.append(f"{rate.stage:13}  {rate.name:{width}}  {times}")
    return "\n".join(lines)


def bottleneck(rates: Sequence[Rate], workers: int) -> str:
    """Name the slowest of reading, augmenting and training step.

    Args:
        rates: what was measured.
        workers: processes that read and augment side by side; 0 counts as 1.
    """
    seconds = {rate.stage: rate.seconds for rate in rates}
    loading, training = (seconds["reading"] + seconds["augmenting"]) / max(workers, 1), seconds["training step"]
    slowest = "training step" if training >= loading else max("reading", "augmenting", key=lambda name: seconds[name])
    return (
        f"Bottleneck: {slowest}. Images/s: {1 / loading:.1f} from loading with {workers} workers, "
        f"{1 / training:.1f} through the training step."
    )
