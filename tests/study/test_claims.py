"""Claims on runs."""

import gc
import multiprocessing
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from medssl.data import read_rows
from medssl.study import Study, run_study, running
from medssl.study.claims import claimed

LONGEST = 600  # seconds for what takes some ten
HOLD = """
import sys, time, filelock
lock = filelock.FileLock(sys.argv[1])
lock.acquire()
print(0, flush=True)
time.sleep(60)
"""


def test_one_holds_it_until_it_lets_go(tmp_path):
    file = tmp_path / "run" / "claim.lock"
    with claimed(file) as first:
        with claimed(file) as second:
            assert (first, second) == (True, False)
        with claimed(tmp_path / "other.lock") as other:
            assert other
    with claimed(file) as again:
        assert again


def test_an_error_lets_go(tmp_path):
    try:
        with claimed(tmp_path / "claim.lock"):
            raise KeyError("x")
    except KeyError:
        pass
    with claimed(tmp_path / "claim.lock") as again:
        assert again


def test_waiting_takes_turns(tmp_path):
    log = []

    def work(number):
        with claimed(tmp_path / "claim.lock", wait=True):
            log.append(number)
            log.append(number)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(20)))
    assert log[::2] == log[1::2]
    assert sorted(log[::2]) == list(range(20))


def test_the_claim_of_a_killed_process_is_free(tmp_path):
    file = tmp_path / "claim.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(file)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "0\n"
        with claimed(file) as ours:
            assert not ours
        holder.kill()
    with claimed(file) as ours:
        assert ours


def work(study, log):
    """Do a study whose runs only take time, and note when each begins and ends."""

    def finetune(study, run, *, folder):
        for moment in ("begun", "ended"):
            with Path(log).open("a") as file:
                file.write(f"{moment} {run.name}\n")
            time.sleep(0.05)
        return {"mean": "0.5", "minutes": "1", **dict.fromkeys(("configs", "torch", "monai", "hardware"), "same")}

    running.finetune = finetune
    gc.freeze()  # leaves little to collect after each run
    run_study(study)


def test_killed_at_random_nothing_finished_is_lost_or_repeated(bundle, tmp_path):
    """Two processes share a study; ten times the older one is killed while it works, and another one started."""
    study = Study(bundle=bundle, inits={"scratch": "scratch"}, output=tmp_path / "out", seeds=list(range(40)))
    log, draw, kills = tmp_path / "log.txt", random.Random(0), 10
    log.touch()
    context = multiprocessing.get_context("fork")  # imports nothing anew, which would take most of the time
    workers = [context.Process(target=work, args=(study, str(log)), daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    deadline = time.monotonic() + LONGEST
    begun_when_finished = {}
    for _ in range(kills):
        lines = len(log.read_text().splitlines())
        while len(log.read_text().splitlines()) < lines + 3 and workers[0].is_alive() and time.monotonic() < deadline:
            time.sleep(draw.uniform(0.0, 0.1))
        workers[0].kill()
        workers[0].join()
        finished = [file.parent.name for file in study.output.glob("*/row_*.json")]
        begun = log.read_text().splitlines()
        assert begun_when_finished.keys() <= set(finished)
        begun_when_finished = {name: begun.count(f"begun {name}") for name in finished} | begun_when_finished
        workers = [workers[1], context.Process(target=work, args=(study, str(log)), daemon=True)]
        workers[1].start()
    for worker in workers:
        worker.join(max(0.0, deadline - time.monotonic()))
        worker.kill()  # does nothing to one that is done
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0], f"not done after {LONGEST} seconds"
    begun = log.read_text().splitlines()
    assert begun_when_finished == {name: begun.count(f"begun {name}") for name in begun_when_finished}
    assert 40 <= sum(line.startswith("begun") for line in begun) <= 40 + kills
    assert [row["seed"] for row in read_rows(study.output / "runs.csv")] == [str(seed) for seed in range(40)]
