"""Evaluate a frozen encoder: features once, then a linear probe or nearest neighbours."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from monai.data import MetaTensor
from torch import Tensor, nn
from torch.nn.functional import one_hot

from medssl.data import KeyedDataset
from medssl.metrics import linear_probe, nearest_neighbours
from medssl.study.conditions import Study
from medssl.study.frozen import Frozen
from medssl.study.grid import Run
from medssl.study.results import run_facts, run_metrics, sizes
from medssl.study.voxels import ProbedMaps
from medssl.study.workflows import copy_seen, prepare, remove, run_and_close

__all__ = ["probe"]

SMALLEST = 1e-6
ROWS = 20_000  # of voxels for a fit


def probe(study: Study, run: Run, *, folder: Path) -> dict[str, Any]:
    """Evaluate an encoder as it is, without training it; gives the row, but for what identifies it.

    The network of the fine-tuning config gives the encoder, its validation's preprocessing the images, its split the
    labelled cases; the evaluating config runs as after fine-tuning, with the probe as its network.
    """
    evaluation, configs = folder / "evaluate", [study.config, *study.overlays]
    words = {"models_dir": str(folder), **study.overrides(run)}
    started = time.time()
    copy_seen(study.output, folder)
    trained = prepare(study.bundle, configs, overrides={**words, "output_dir": str(folder), **study.starts[run.init]})
    frozen = Frozen(trained, folder=study.output / "features", made_so=study.preparation(run))
    copy_seen(folder, evaluation)
    tested = prepare(
        study.bundle,
        [*configs, study.evaluation],
        overrides={**words, "output_dir": str(evaluation), **study.evaluate},
    )
    cases = tested.val_dataset_data
    probed = probe_vectors if study.config == "classify" else probe_voxels
    changes = probed(frozen, trained.train_dataset_data, asked=cases, tuning=run.tuning)
    minutes = (time.time() - started) / 60
    for name, part in changes.items():
        tested.parser[name] = part
    run_and_close(tested)
    copy_seen(evaluation, study.output)
    remove(folder.rglob("manifest.json"))
    return {
        "pretrained": Path(run.pretrained).name,
        **sizes(trained.train_dataset_data),
        "evaluated": len(cases),
        **run_metrics(evaluation),
        "minutes": f"{minutes:.2f}",
        **run_facts(evaluation),
        "data": str(trained.parser.get_parsed_content("data_hash"))[:12],
        "epochs": 0,
        "iterations": 0,
        "configs": study.config_hash(),
    }


def probe_vectors(
    frozen: Frozen, known: Sequence[Mapping[str, Any]], *, asked: Sequence[Mapping[str, Any]], tuning: str
) -> dict[str, Any]:
    """Parts of the evaluation: vectors of its images, and what names their classes."""
    classes = int(frozen.network.category.linear.out_features)
    vectors, targets = frozen.vectors(known), class_targets(known, classes)
    multi_label = isinstance(known[0]["class"], list | tuple)
    if tuning == "knn":
        network: nn.Module = Neighbours(vectors, targets, multi_label=multi_label)
    else:
        network = Linear(*linear_probe(vectors, targets, groups=patients(known), multi_label=multi_label)[:2])
    found = zip(asked, frozen.vectors(asked), strict=True)
    items = [{**case, "image": MetaTensor(v, meta={"filename_or_obj": case["image"]})} for case, v in found]
    return {"network": network.to(frozen.device), "validate#dataset": KeyedDataset(items), "amp": False}


def probe_voxels(
    frozen: Frozen, known: Sequence[Mapping[str, Any]], *, asked: Sequence[Mapping[str, Any]], tuning: str
) -> dict[str, Any]:
    """Parts of the evaluation: the network whose last layer is the probe."""
    samples = frozen.samples(known)
    groups = torch.cat([number.expand(len(one)) for number, one in zip(patients(known), samples, strict=True)])
    rows = torch.cat(samples)
    step = -(-len(rows) // ROWS)
    rows, groups = rows[::step], groups[::step]
    targets = one_hot(rows[:, 0].long(), int(frozen.network.label.conv.out_channels))
    found = linear_probe(rows[:, 1:], targets, groups=groups, by_recall=True)
    network = ProbedMaps(frozen.network.encoder, found.weight, bias=found.bias)
    return {"network": network.to(frozen.device)}


def class_targets(cases: Sequence[Mapping[str, Any]], classes: int) -> Tensor:
    """0 and 1 for each class of each case, ``(N, K)``."""
    given = torch.tensor([case["class"] for case in cases])
    return given.float() if given.ndim > 1 else one_hot(given, classes).float()


def patients(cases: Sequence[Mapping[str, Any]]) -> Tensor:
    """Number of each case's patient, ``(N,)``."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(case["patient"] for case in cases))}
    return torch.tensor([numbers[case["patient"]] for case in cases])


class Linear(nn.Linear):
    """A linear layer with given weights."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__(weight.shape[1], weight.shape[0])
        self.load_state_dict({"weight": weight, "bias": bias})


class Neighbours(nn.Module):
    """Logits whose softmax, or with ``multi_label`` sigmoid, are the scores of the nearest neighbours."""

    vectors: Tensor
    targets: Tensor

    def __init__(self, vectors: Tensor, targets: Tensor, *, multi_label: bool) -> None:
        super().__init__()
        self.register_buffer("vectors", vectors)
        self.register_buffer("targets", targets)
        self.multi_label = multi_label

    def forward(self, vectors: Tensor) -> Tensor:
        scores = nearest_neighbours(self.vectors, self.targets, vectors=vectors)
        return torch.logit(scores, eps=SMALLEST) if self.multi_label else scores.clamp_min(SMALLEST).log()
