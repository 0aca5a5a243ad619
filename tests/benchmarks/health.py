"""What share of a pre-training iteration goes into watching it: ``python tests/benchmarks/health.py BUNDLE [MINUTES]``.

The bundle's preparation must be there: run its ``discover.json``, ``match.json`` or ``survey.json`` with ``demo.json``.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import Counter
from tempfile import TemporaryDirectory

from ignite.engine import Events
from monai.bundle import ConfigWorkflow

import medssl.handlers as parts

TERMS = ("DistillationTerms", "GradientTerms", "JudgeTerms", "MatchTerms", "QueueTerms")
WATCHING = ("CollapseGuard", "FiniteLoss", *TERMS)  # JudgeGuard asks for the terms, which are counted already


def timed(part: type, spent: Counter) -> None:
    """Let a class count the time of its calls."""
    call = part.__call__

    def counted(self, *arguments):
        started = time.perf_counter()
        try:
            return call(self, *arguments)
        finally:
            spent[part.__name__] += time.perf_counter() - started

    part.__call__ = counted


def measure(minutes: float) -> str:
    """One line about a pre-training of so many minutes, from within a bundle's folder."""
    spent: Counter = Counter()
    for name in WATCHING:
        timed(getattr(parts, name), spent)
    with TemporaryDirectory(dir="eval/demo") as folder:  # beside what the preparation has left
        words = {"output_dir": folder, "models_dir": folder, "max_minutes": minutes}
        files = ["configs/pretrain.json", "configs/demo.json"]
        workflow = ConfigWorkflow(files, workflow_type="train", logging_file=False, **words)
        workflow.initialize()
        trainer = workflow.parser.get_parsed_content("train#trainer")
        trainer.add_event_handler(Events.ITERATION_STARTED, lambda: spent.update(iteration=-time.perf_counter()))
        trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: spent.update(iteration=time.perf_counter()))
        trainer.run()
    each = {name: 1000 * seconds / trainer.state.iteration for name, seconds in spent.items()}
    whole = each.pop("iteration")
    parts_of_it = ", ".join(f"{name} {value:.2f} ms" for name, value in sorted(each.items()))
    return f"{trainer.state.iteration} iterations of {whole:.0f} ms, {sum(each.values()) / whole:.1%}: {parts_of_it}"


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    line = measure(float(sys.argv[2]) if len(sys.argv) > 2 else 1.0)
    logging.basicConfig(level=logging.INFO, format="%(message)s", force=True)
    logging.getLogger().info(line)
