"""Weights in, out and between layouts, each with an account of what was done."""

from medssl.weights.converting import convert_checkpoint, export_checkpoint
from medssl.weights.encoder import feature_preprocessing, load_encoder
from medssl.weights.layouts import Entry, Layout
from medssl.weights.loading import SCRATCH, load_pretrained, load_weights
from medssl.weights.opening import open_config
from medssl.weights.package import installed_versions, require_choices, require_package, require_switches
from medssl.weights.published import LAYOUTS, find_layout
from medssl.weights.reading import read_checkpoint, without_wrappers
from medssl.weights.report import LoadReport
from medssl.weights.saving import verify_weights, write_weights

__all__ = [
    "LAYOUTS",
    "SCRATCH",
    "Entry",
    "Layout",
    "LoadReport",
    "convert_checkpoint",
    "export_checkpoint",
    "feature_preprocessing",
    "find_layout",
    "installed_versions",
    "load_encoder",
    "load_pretrained",
    "load_weights",
    "open_config",
    "read_checkpoint",
    "require_choices",
    "require_package",
    "require_switches",
    "verify_weights",
    "without_wrappers",
    "write_weights",
]
