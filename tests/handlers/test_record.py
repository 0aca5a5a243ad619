"""What was run."""

import json

import numpy as np
from ignite.engine import Engine

from medssl.handlers import RunRecord


def test_settings_versions_time_and_metrics_are_noted(tmp_path):
    evaluator = Engine(lambda e, b: None)
    evaluator.state.metrics = {"val_loss": 0.5}
    evaluator.state.best_metric, evaluator.state.best_metric_epoch = np.float32(0.25), 1  # as metrics of NumPy give it
    engine = Engine(lambda e, b: None)
    RunRecord(tmp_path / "new" / "run.json", {"seed": 3}, evaluator=evaluator).attach(engine)
    engine.run([0, 0], max_epochs=2)
    record = json.loads((tmp_path / "new" / "run.json").read_text())
    assert record["settings"] == {"seed": 3}
    assert (record["epoch"], record["iteration"]) == (2, 4)
    assert (record["metrics"], record["best_metric"], record["best_epoch"]) == ({"val_loss": 0.5}, 0.25, 1)
    assert {"python", "torch", "monai", "medssl"} <= set(record["versions"])
    assert str(tmp_path) not in json.dumps(record)
