"""What happens in one iteration."""

from medssl.engines.adversarial import AdversarialTrainer, JudgedInferer
from medssl.engines.batches import ClassOutput, PrepareClasses, PrepareTargets, TaskOutput
from medssl.engines.embedded import EmbeddedVolumes
from medssl.engines.encoding import encode
from medssl.engines.evaluators import LossEvaluator
from medssl.engines.inferers import AutocastInferer, bfloat16_is_fast
from medssl.engines.match_accuracy import measure_matches
from medssl.engines.plane_answers import ConstantAnswers, LineOutput, LocationOutput
from medssl.engines.saliency import CamInferer
from medssl.engines.survey import survey_studies
from medssl.engines.tasks import metrics_of_tasks

__all__ = [
    "AdversarialTrainer",
    "AutocastInferer",
    "CamInferer",
    "ClassOutput",
    "ConstantAnswers",
    "EmbeddedVolumes",
    "JudgedInferer",
    "LineOutput",
    "LocationOutput",
    "LossEvaluator",
    "PrepareClasses",
    "PrepareTargets",
    "TaskOutput",
    "bfloat16_is_fast",
    "encode",
    "measure_matches",
    "metrics_of_tasks",
    "survey_studies",
]
