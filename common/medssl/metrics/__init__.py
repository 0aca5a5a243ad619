"""Numbers by which a run is judged."""

from medssl.metrics.means import ImageMean
from medssl.metrics.variance import UnexplainedVariance

__all__ = ["ImageMean", "UnexplainedVariance"]
