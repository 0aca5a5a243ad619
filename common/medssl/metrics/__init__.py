"""Numbers by which a run is judged."""

from medssl.metrics.means import ImageMean

__all__ = ["ImageMean"]
