"""What a run needs besides its images: words that fit together, a device, weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from medssl.checks.configs import Settings
from medssl.weights import verify_weights

__all__ = ["innermost", "unmet_needs"]


def unmet_needs(settings: Settings) -> list[str]:
    """What the config demands of its words, its device and its weights, and does not get.

    Expressions of the config are evaluated, so look at :func:`medssl.checks.foreign_code` first.

    Args:
        settings: configs and words.
    """
    return [need for part in (_demands, _device, _weights) for need in part(settings)]


def innermost(error: BaseException) -> str:
    """What the first of a chain of errors says; MONAI wraps those of a config's parts.

    Args:
        error: the last of the chain.
    """
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__


def _demands(settings: Settings) -> Iterator[str]:
    """What the config itself demands of its words."""
    parser = settings.parser()
    for key, value in settings.merged.items():
        target = value.get("_target_") if isinstance(value, Mapping) else None
        if isinstance(target, str) and target.startswith("medssl.weights.require_"):
            try:
                parser.get_parsed_content(key)
            except Exception as error:  # whatever the words have spoilt
                yield innermost(error)


def _device(settings: Settings) -> Iterator[str]:
    try:
        device = torch.device(settings.parser().get_parsed_content("device", default="cpu"))
    except Exception as error:  # whatever the words have spoilt
        yield f"--device: {innermost(error).splitlines()[0]}"
        return
    count = torch.cuda.device_count()
    if device.type == "cuda" and not torch.cuda.is_available():
        yield f"--device {device}: there is no CUDA device that this torch {torch.__version__} can use; say cpu."
    elif device.type == "cuda" and (device.index or 0) >= count:
        yield f"--device {device}: there are {count} CUDA devices, numbered from 0."
    elif device.type == "mps" and not torch.backends.mps.is_available():
        yield "--device mps: there is none here; say cpu."


def _weights(settings: Settings) -> Iterator[str]:
    if "pretrained" not in settings.merged:
        return
    try:
        path = Path(str(settings.parser().get_parsed_content("pretrained")))
        if str(path) in ("scratch", "none_given"):
            return
        if not path.is_file():
            yield f"--pretrained: there is no file {path}; train it first, name another, or say scratch."
        elif path.with_suffix(".json").is_file():
            verify_weights(path)
    except Exception as error:  # whatever the words have spoilt
        yield f"--pretrained: {innermost(error)}"
