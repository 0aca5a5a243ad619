"""How large a run is: its input, its items, its network on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser

from medssl.checks.configs import Settings, config_value, read_settings
from medssl.checks.needs import innermost
from medssl.checks.step_cost import StepCost, measure_step
from medssl.data.records import read_json

__all__ = ["InputGrid", "RunSize", "input_grid", "size_of_run"]

PATCHES = ("grid#cube", "picture#size", "grid#size")  # where configs say how large the network's input is
FALLBACK = "train"


@dataclass(frozen=True)
class InputGrid:
    """What a network sees.

    Args:
        patch: voxels along each axis.
        channels: of the image.
        spacing: voxel size in mm that images are brought to; empty if they stay as they are.
        pictures: whether images are flat files.
    """

    patch: tuple[int, ...]
    channels: int = 1
    spacing: tuple[float, ...] = ()
    pictures: bool = False

    def voxels(self, shape: Sequence[float], spacing: Sequence[float]) -> float:
        """Voxels of an image after resampling.

        Args:
            shape: before.
            spacing: before, in mm.
        """
        count = 1.0
        for length, size, new in zip(shape, spacing, self.spacing or spacing, strict=False):
            count *= length * size / new
        return count


@dataclass(frozen=True)
class RunSize:
    """Numbers of a run.

    Args:
        epochs: passes over the training items.
        images_a_step: that go through the network at once.
        items: training items an epoch; 0 if that is not known before the preparation.
        cost: of a step; None if it could not be measured.
        measured: what was measured instead of the run's own network, or why nothing was.
        device: where.
    """

    epochs: int
    images_a_step: int
    items: int
    cost: StepCost | None
    measured: str
    device: torch.device

    @property
    def epoch_seconds(self) -> float:
        """Time for the training steps of one epoch; 0 if unknown."""
        return self.cost.batch_seconds(self.items) if self.cost else 0.0


def input_grid(settings: Settings, folder: Path) -> InputGrid:
    """Find out what the network of a run sees, from the config's words and the bundle's metadata.

    Args:
        settings: configs and words.
        folder: the bundle.

    Raises:
        ValueError: if neither says how large the input is.
    """
    facts = read_json(folder / "configs" / "metadata.json")
    adaptation = facts.get("adaptation", {})
    named = adaptation.get("patch_size", adaptation.get("picture_size", ()))
    patch = next((size for word in PATCHES if (size := config_value(settings.merged, word))), named)
    patch = [patch] * 2 if isinstance(patch, int) else patch
    if not patch:
        raise ValueError(f"{folder.name} should say how large its input is, as {' or '.join(PATCHES)} of the config.")
    spacing = config_value(settings.merged, "grid#spacing") or adaptation.get("spacing_mm", ())
    spacing = [spacing] * len(patch) if isinstance(spacing, int | float) else spacing
    numbers = not isinstance(spacing, str) and all(isinstance(size, int | float) for size in spacing)
    channels = facts["network_data_format"]["inputs"]["image"]["num_channels"]
    channels = config_value(settings.merged, "picture#channels") or channels
    flat = config_value(settings.merged, "cases#spatial_dims") == 2
    return InputGrid(tuple(patch), channels, tuple(spacing) if numbers else (), flat)


def size_of_run(
    settings: Settings, folder: Path, *, grid: InputGrid, parts: Mapping[str, Sequence[Any]], seconds: float = 3.0
) -> RunSize:
    """Measure a step of a training config with noise for images, and count its items.

    The network of a run that first needs a preparation cannot be built before it; that of ``train.json``, which shares
    its encoder and decoder, stands in for it then.

    Args:
        settings: configs and words.
        folder: the bundle.
        grid: what the network sees.
        parts: training and validation cases.
        seconds: time to measure for.
    """
    words = {"pretrained": "scratch", "split": dict(parts)}
    parser = settings.parser(**{key: value for key, value in words.items() if key in settings.merged})
    epochs, batch, device = (parser.get_parsed_content(word) for word in ("epochs", "batch_size", "device"))
    images = batch * (parser.get_parsed_content("crops_per_scan") if "crops_per_scan" in parser else 1)
    cost, measured = None, ""
    for own in (True, False):
        try:
            used = parser if own else read_settings(folder, [FALLBACK]).parser(pretrained="scratch")
            cost = _cost(used, grid, device=torch.device(device), batch=images, seconds=seconds)
            measured = "" if own else f"with the network of {FALLBACK}.json, as this one needs its preparation first"
            break
        except Exception as error:  # whatever a network does not like
            measured = f"not measured: {innermost(error).splitlines()[0]}"
    return RunSize(epochs, images, _items(parser) * images // batch, cost, measured, torch.device(device))


def _cost(parser: ConfigParser, grid: InputGrid, *, device: torch.device, batch: int, seconds: float) -> StepCost:
    network, optimizer, inferer = (
        parser.get_parsed_content(word) for word in ("network", "optimizer", "train#inferer")
    )
    beside = len(parser.get("prepare_batch#beside", []))

    def forward(image: torch.Tensor) -> Any:
        return inferer(image, network, *[image] * beside)

    network.train()
    image = torch.rand(1, grid.channels, *grid.patch, device=device)
    try:
        return measure_step(forward, optimizer, image=image, batch=batch, seconds=seconds)
    except ValueError:  # of networks that ask for two views
        return measure_step(forward, optimizer, image=torch.stack([image, image], dim=1), batch=batch, seconds=seconds)


def _items(parser: ConfigParser) -> int:
    """Training items an epoch; 0 where they come from a table that is not there yet."""
    data = parser.get("train#dataset#data")
    ids = [f"train#dataset#data#{word}" for word in ("cases", "studies") if isinstance(data, Mapping) and word in data]
    if isinstance(data, Mapping) and not ids:
        return 0
    try:
        return len(parser.get_parsed_content(ids[0] if ids else "train#dataset#data"))
    except Exception:  # whatever is not prepared yet
        return 0
