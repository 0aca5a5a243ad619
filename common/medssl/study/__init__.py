"""Evidence: runs over a grid, one row each."""

from medssl.study.annotating import Annotation, run_annotation
from medssl.study.annotation_report import AnnotationReport, report_annotation
from medssl.study.comparisons import Comparison, compare_runs
from medssl.study.conditions import Study, study_of
from medssl.study.grid import Run, study_runs
from medssl.study.reports import Report, report_runs, report_study
from medssl.study.running import run_study
from medssl.study.tables import study_table

__all__ = [
    "Annotation",
    "AnnotationReport",
    "Comparison",
    "Report",
    "Run",
    "Study",
    "compare_runs",
    "report_annotation",
    "report_runs",
    "report_study",
    "run_annotation",
    "run_study",
    "study_of",
    "study_runs",
    "study_table",
]
