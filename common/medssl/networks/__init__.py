"""Encoders, decoders, heads and how they are put together."""

from medssl.networks.anisotropic import AnisotropicEncoder
from medssl.networks.classification import ClassificationNetwork
from medssl.networks.completion import CrossCompletion
from medssl.networks.correspondence import CorrespondenceNetwork
from medssl.networks.decoder import ConvDecoder
from medssl.networks.discriminator import MapDiscriminator
from medssl.networks.distillation import CentredTargets, Distilled, DistilledNetwork
from medssl.networks.encoder import ConvEncoder
from medssl.networks.features import EncoderFeatures, global_average
from medssl.networks.gathering import average_gradients, gathered, process_count
from medssl.networks.groups import decay_groups, parameter_groups
from medssl.networks.heads import ClassificationHead, MapHead
from medssl.networks.multitask import MultiTaskNetwork
from medssl.networks.normalization import normalization
from medssl.networks.pairing import Match, MomentumPairing, PairedNetwork, QueuedMatch, SharedPairing
from medssl.networks.placement import place
from medssl.networks.projection import PerceptronLayers, ProjectionHead
from medssl.networks.queues import KeyQueue
from medssl.networks.residual import ResidualEncoder
from medssl.networks.segmentation import DeepSegmentation, SegmentationNetwork
from medssl.networks.swin import SwinDecoder, SwinEncoder
from medssl.networks.tokens import TokenHead, TokenNetwork, Tokens
from medssl.networks.upsampling import UpsamplingDecoder
from medssl.networks.window_decoder import WindowDecoder
from medssl.networks.window_encoder import WindowEncoder

__all__ = [
    "AnisotropicEncoder",
    "CentredTargets",
    "ClassificationHead",
    "ClassificationNetwork",
    "ConvDecoder",
    "ConvEncoder",
    "CorrespondenceNetwork",
    "CrossCompletion",
    "DeepSegmentation",
    "Distilled",
    "DistilledNetwork",
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
    "SwinDecoder",
    "SwinEncoder",
    "TokenHead",
    "TokenNetwork",
    "Tokens",
    "UpsamplingDecoder",
    "WindowDecoder",
    "WindowEncoder",
    "average_gradients",
    "decay_groups",
    "gathered",
    "global_average",
    "normalization",
    "parameter_groups",
    "place",
    "process_count",
]
