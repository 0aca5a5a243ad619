"""Evidence: runs over a grid, one row each."""

from medssl.study.conditions import Study, study_of
from medssl.study.grid import Run, study_runs
from medssl.study.running import run_study
from medssl.study.tables import study_table

__all__ = ["Run", "Study", "run_study", "study_of", "study_runs", "study_table"]
