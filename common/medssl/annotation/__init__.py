"""Annotation: which image to label next, and an app for MONAI Label that asks for it."""

from medssl.annotation.app_folder import start_command, write_app_folder
from medssl.annotation.features import ImageFeatures
from medssl.annotation.strategies import CHOICES, Choice, farthest_first, farthest_uncertain, most_uncertain
from medssl.annotation.uncertainty import dropout_on, image_entropies, mean_entropy

__all__ = [
    "CHOICES",
    "Choice",
    "ImageFeatures",
    "dropout_on",
    "farthest_first",
    "farthest_uncertain",
    "image_entropies",
    "mean_entropy",
    "most_uncertain",
    "start_command",
    "write_app_folder",
]
