"""What is looked at before and beside a run: settings, speed."""

from medssl.checks.speed import Rate, benchmark_bundle, bottleneck, measure_bundle, rate_table
from medssl.checks.timing import one_thread, seconds_per_call

__all__ = [
    "Rate",
    "benchmark_bundle",
    "bottleneck",
    "measure_bundle",
    "one_thread",
    "rate_table",
    "seconds_per_call",
]
