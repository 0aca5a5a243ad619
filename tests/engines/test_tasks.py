"""Metrics by task."""

import pytest

from medssl.engines import metrics_of_tasks


def test_only_the_metrics_of_the_tasks_that_are_on():
    assert metrics_of_tasks(["b"], {"a": {"x": 1}, "b": {"y": 2, "z": 3}}) == {"y": 2, "z": 3}


def test_a_task_without_metrics_is_named():
    with pytest.raises(ValueError, match=r"\['c'\].*\['a'\]"):
        metrics_of_tasks(["c"], {"a": {}})
