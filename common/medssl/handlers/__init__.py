"""What is watched, scheduled, logged, drawn and saved during a run."""

from medssl.handlers.centres import CentreUpdate
from medssl.handlers.checkpoints import TrainingState
from medssl.handlers.comparisons import ComparedMetrics
from medssl.handlers.earlier import EarlierState
from medssl.handlers.freezing import FreezeEncoder
from medssl.handlers.gradients import ClipGradients, DropGradients
from medssl.handlers.guards import CollapseGuard, FiniteLoss, JudgeGuard
from medssl.handlers.health import DistillationTerms, GradientTerms, JudgeTerms, MatchTerms, QueueTerms
from medssl.handlers.history import History
from medssl.handlers.localisation import HeatMapOverlay, LocalisationTable
from medssl.handlers.momentum import MomentumUpdate, QueueKeys
from medssl.handlers.naming import NamedMetrics
from medssl.handlers.pictures import ImageStrips, MaskOverlay, PlaneOverlay
from medssl.handlers.plane_pictures import PlaneStrips
from medssl.handlers.probes import ProbeClasses
from medssl.handlers.progress import ProgressBar
from medssl.handlers.record import RunRecord
from medssl.handlers.schedules import Curve, Ramp, ScheduledOptimizer, ScheduledValue
from medssl.handlers.stopping import EarlyStop, GracefulStop, ValidateAtEnd
from medssl.handlers.tables import FeatureTable, MetricTable, PredictionTable
from medssl.handlers.terms import LossTerms
from medssl.handlers.weights import BestWeights

__all__ = [
    "BestWeights",
    "CentreUpdate",
    "ClipGradients",
    "CollapseGuard",
    "ComparedMetrics",
    "Curve",
    "DistillationTerms",
    "DropGradients",
    "EarlierState",
    "EarlyStop",
    "FeatureTable",
    "FiniteLoss",
    "FreezeEncoder",
    "GracefulStop",
    "GradientTerms",
    "HeatMapOverlay",
    "History",
    "ImageStrips",
    "JudgeGuard",
    "JudgeTerms",
    "LocalisationTable",
    "LossTerms",
    "MaskOverlay",
    "MatchTerms",
    "MetricTable",
    "MomentumUpdate",
    "NamedMetrics",
    "PlaneOverlay",
    "PlaneStrips",
    "PredictionTable",
    "ProbeClasses",
    "ProgressBar",
    "QueueKeys",
    "QueueTerms",
    "Ramp",
    "RunRecord",
    "ScheduledOptimizer",
    "ScheduledValue",
    "TrainingState",
    "ValidateAtEnd",
]
