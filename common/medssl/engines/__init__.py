"""What happens in one iteration."""

from medssl.engines.batches import ClassOutput, PrepareClasses, PrepareTargets, TaskOutput
from medssl.engines.encoding import encode
from medssl.engines.evaluators import LossEvaluator
from medssl.engines.inferers import AutocastInferer, bfloat16_is_fast
from medssl.engines.tasks import metrics_of_tasks

__all__ = [
    "AutocastInferer",
    "ClassOutput",
    "LossEvaluator",
    "PrepareClasses",
    "PrepareTargets",
    "TaskOutput",
    "bfloat16_is_fast",
    "encode",
    "metrics_of_tasks",
]
