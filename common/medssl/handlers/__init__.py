"""What is watched, scheduled, logged, drawn and saved during a run."""

from medssl.handlers.checkpoints import TrainingState
from medssl.handlers.freezing import FreezeEncoder
from medssl.handlers.history import History
from medssl.handlers.naming import NamedMetrics
from medssl.handlers.pictures import ImageStrips, MaskOverlay
from medssl.handlers.progress import ProgressBar
from medssl.handlers.record import RunRecord
from medssl.handlers.stopping import EarlyStop, GracefulStop, ValidateAtEnd
from medssl.handlers.tables import FeatureTable, MetricTable, PredictionTable
from medssl.handlers.terms import LossTerms
from medssl.handlers.weights import BestWeights

__all__ = [
    "BestWeights",
    "EarlyStop",
    "FeatureTable",
    "FreezeEncoder",
    "GracefulStop",
    "History",
    "ImageStrips",
    "LossTerms",
    "MaskOverlay",
    "MetricTable",
    "NamedMetrics",
    "PredictionTable",
    "ProgressBar",
    "RunRecord",
    "TrainingState",
    "ValidateAtEnd",
]
