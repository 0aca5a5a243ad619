"""Encoders, decoders, heads and how they are put together."""

from medssl.networks.classification import ClassificationNetwork
from medssl.networks.decoder import ConvDecoder
from medssl.networks.encoder import ConvEncoder
from medssl.networks.features import EncoderFeatures, global_average
from medssl.networks.groups import parameter_groups
from medssl.networks.heads import ClassificationHead, MapHead
from medssl.networks.multitask import MultiTaskNetwork
from medssl.networks.normalization import normalization
from medssl.networks.placement import place
from medssl.networks.segmentation import SegmentationNetwork

__all__ = [
    "ClassificationHead",
    "ClassificationNetwork",
    "ConvDecoder",
    "ConvEncoder",
    "EncoderFeatures",
    "MapHead",
    "MultiTaskNetwork",
    "SegmentationNetwork",
    "global_average",
    "normalization",
    "parameter_groups",
    "place",
]
