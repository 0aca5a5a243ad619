"""Claims on runs."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from medssl.study.claims import claimed

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
