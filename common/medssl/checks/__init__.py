"""What is looked at before and beside a run: settings, speed."""

from medssl.checks.timing import one_thread, seconds_per_call

__all__ = ["one_thread", "seconds_per_call"]
