"""Lets torchvision be imported beside a torch of another build, such as PyPI's CUDA build beside torch for CPUs.

Its compiled part cannot be loaded then, and only these operators' declarations are needed for the rest.
"""

import importlib.util
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

BOXES = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class BeforeTorchvision(MetaPathFinder):
    """Declares the operators once, right before torchvision is imported."""

    def find_spec(self, name, path=None, target=None):
        del path, target
        if name == "torchvision":
            sys.meta_path.remove(self)
            declare_operators()


def declare_operators() -> None:
    import torch

    found = importlib.util.find_spec("torchvision")
    folders = found.submodule_search_locations if found else []
    try:
        for library in [path for folder in folders for path in Path(folder).glob("_C*.so")]:
            torch.ops.load_library(str(library))
    except OSError:
        for operator in ("nms", "qnms"):
            torch.library.define(f"torchvision::{operator}", BOXES)


sys.meta_path.insert(0, BeforeTorchvision())
