"""Of several processes the first writes, and the others find what it wrote."""

import time

import pytest
import torch.distributed as dist
import torch.multiprocessing as mp

from medssl.data import MatchSearch, load_matches, place_matches
from medssl.data.processes import place_among_processes, wait_for_all
from medssl.data.records import read_json, write_json
from tests.data.stored_scans import write_scans

PROCESSES = 2


def test_alone_a_process_is_the_first_and_waits_for_nobody():
    assert place_among_processes() == (0, 1)
    wait_for_all()


def work(rank, folder, cases):
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=PROCESSES)
    if rank == 0:
        time.sleep(0.5)  # the other one would be done by now, if it did not wait
    search = MatchSearch(points=4, partners=2, max_tries=10, margin=(0, 2), seed=rank)
    place_matches(cases, search=search, matches_dir=f"{folder}/matches", facts={"data_hash": "d1"})
    table = load_matches(f"{folder}/matches", "d1")
    place = place_among_processes()
    write_json(f"{folder}/{rank}.json", {"place": place, "key": table["key"], "seed": table["settings"]["seed"]})
    dist.barrier()
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    cases = write_scans(folder / "store", "abc", ["train", "train", "val"])
    mp.spawn(work, (str(folder), cases), nprocs=PROCESSES)
    return [read_json(folder / f"{rank}.json") for rank in range(PROCESSES)]


def test_every_process_knows_its_place(results):
    assert [result["place"] for result in results] == [[0, 2], [1, 2]]


def test_the_first_process_alone_writes_the_table(results):
    assert results[0]["key"] == results[1]["key"]
    assert [result["seed"] for result in results] == [0, 0]
