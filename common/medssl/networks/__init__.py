"""Encoders, decoders, heads and how they are put together."""

from medssl.networks.classification import ClassificationNetwork
from medssl.networks.decoder import ConvDecoder
from medssl.networks.discriminator import MapDiscriminator
from medssl.networks.encoder import ConvEncoder
from medssl.networks.features import EncoderFeatures, global_average
from medssl.networks.gathering import average_gradients, gathered, process_count
from medssl.networks.groups import parameter_groups
from medssl.networks.heads import ClassificationHead, MapHead
from medssl.networks.multitask import MultiTaskNetwork
from medssl.networks.normalization import normalization
from medssl.networks.pairing import Match, MomentumPairing, PairedNetwork, QueuedMatch, SharedPairing
from medssl.networks.placement import place
from medssl.networks.projection import PerceptronLayers, ProjectionHead
from medssl.networks.queues import KeyQueue
from medssl.networks.residual import ResidualEncoder
from medssl.networks.segmentation import SegmentationNetwork
from medssl.networks.upsampling import UpsamplingDecoder

__all__ = [
    "ClassificationHead",
    "ClassificationNetwork",
    "ConvDecoder",
    "ConvEncoder",
    "EncoderFeatures",
    "KeyQueue",
    "MapDiscriminator",
    "MapHead",
    "Match",
    "MomentumPairing",
    "MultiTaskNetwork",
    "PairedNetwork",
    "PerceptronLayers",
    "ProjectionHead",
    "QueuedMatch",
    "ResidualEncoder",
    "SegmentationNetwork",
    "SharedPairing",
    "UpsamplingDecoder",
    "average_gradients",
    "gathered",
    "global_average",
    "normalization",
    "parameter_groups",
    "place",
    "process_count",
]
