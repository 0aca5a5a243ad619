"""Numbers by which a run is judged."""

from medssl.metrics.areas import ClassAUC
from medssl.metrics.embeddings import effective_rank, mean_similarities, spread
from medssl.metrics.lines import LineError, decode_lines
from medssl.metrics.localisation import accuracy_at, box_above, box_ious, lies_within, peak
from medssl.metrics.locations import LocationError
from medssl.metrics.means import ImageMean
from medssl.metrics.occupancy import ClassOccupancy
from medssl.metrics.probes import LinearProbe, linear_probe, nearest_neighbours
from medssl.metrics.variance import UnexplainedVariance

__all__ = [
    "ClassAUC",
    "ClassOccupancy",
    "ImageMean",
    "LineError",
    "LinearProbe",
    "LocationError",
    "UnexplainedVariance",
    "accuracy_at",
    "box_above",
    "box_ious",
    "decode_lines",
    "effective_rank",
    "lies_within",
    "linear_probe",
    "mean_similarities",
    "nearest_neighbours",
    "peak",
    "spread",
]
