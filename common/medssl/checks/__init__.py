"""What is looked at before and beside a run: words, code, files, what is needed, speed."""

from medssl.checks.checking import Findings, check_bundle
from medssl.checks.configs import Settings, config_items, config_references, read_settings
from medssl.checks.foreign_code import ForeignCode, foreign_code, foreign_files
from medssl.checks.planning import plan_run
from medssl.checks.references import broken_references, unread_keys
from medssl.checks.speed import Rate, benchmark_bundle, bottleneck, measure_bundle, rate_table
from medssl.checks.targets import target_misfits
from medssl.checks.timing import one_thread, seconds_per_call

__all__ = [
    "Findings",
    "ForeignCode",
    "Rate",
    "Settings",
    "benchmark_bundle",
    "bottleneck",
    "broken_references",
    "check_bundle",
    "config_items",
    "config_references",
    "foreign_code",
    "foreign_files",
    "measure_bundle",
    "one_thread",
    "plan_run",
    "rate_table",
    "read_settings",
    "seconds_per_call",
    "target_misfits",
    "unread_keys",
]
