"""Evidence: runs over a grid, one row each."""

from medssl.study.grid import Run, study_runs
from medssl.study.running import run_study
from medssl.study.tables import study_table

__all__ = ["Run", "run_study", "study_runs", "study_table"]
