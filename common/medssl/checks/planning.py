"""What a folder of images means for a run: what is in it, what the run will need, which words to set."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from medssl.checks.configs import Settings, config_items, config_value, read_settings
from medssl.checks.found_images import FoundImages, look_at_images
from medssl.checks.needs import innermost
from medssl.checks.run_size import InputGrid, RunSize, input_grid, size_of_run
from medssl.data import split_cases
from medssl.data.files import first_file, stem

__all__ = ["plan_run"]

SHOWN = 10
PREPARATIONS = ("discover", "match", "survey")
AIR_HU = -500  # CT of a body has air around it
BYTES_STORED = {False: 2, True: 1}  # a voxel of a volume, a pixel of a picture
BYTES_CACHED = 4


def plan_run(
    folder: Path | str, dataset_dir: str, *, config: str = "pretrain", words: Mapping[str, Any] | None = None
) -> str:
    """Say what a run on a folder of images would find, need and take, and which words fit better.

    Headers are read, the voxels of a few images, and a few training steps are timed with noise; nothing is trained.

    Args:
        folder: the bundle.
        dataset_dir: the images.
        config: of those that train: ``pretrain``, ``train``, ``classify``.
        words: overrides by id.

    Raises:
        ValueError: if there are no images, or the config does not train.
    """
    folder = Path(folder)
    settings = read_settings(folder, [config], words={**(words or {}), "dataset_dir": dataset_dir})
    if "train" not in settings.merged:
        raise ValueError(f"a plan is made for what trains, such as pretrain or train; {config} does not.")
    try:
        cases = settings.parser().get_parsed_content("cases")
    except RuntimeError as error:
        raise ValueError(innermost(error)) from error
    grid = input_grid(settings, folder)
    found = look_at_images(cases, flat=grid.pictures)
    parts, problem = _parts(settings, cases)
    size = size_of_run(settings, folder, grid=grid, parts=parts)
    needed = {**dict(_needed(settings, found, grid=grid, size=size)), **({"split": problem} if problem else {})}
    sections = {
        f"{folder.name}: {config}.json on {len(cases)} images": list(found.described()),
        "suspicious": list(found.suspicious.items())[:SHOWN] + _more(len(found.suspicious)),
        f"needed, on {size.device}": list(needed.items()),
        "to do first": [("run", f"configs/{name}.json") for name in _preparation(folder, config)],
        "suggested": list(_suggested(settings, found, grid=grid, size=size)),
    }
    return "\n".join(line for title, rows in sections.items() if rows for line in _section(title, rows))


def _section(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(word) for word, _ in rows)
    yield title
    yield from (f"  {word:{width}}  {text}" for word, text in rows)


def _more(count: int) -> list[tuple[str, str]]:
    return [("...", f"and {count - SHOWN} more")] if count > SHOWN else []


def _preparation(folder: Path, config: str) -> list[str]:
    return [name for name in PREPARATIONS if config == "pretrain" and (folder / f"configs/{name}.json").is_file()]


def _parts(settings: Settings, cases: Sequence[dict[str, Any]]) -> tuple[dict[str, list[dict[str, Any]]], str]:
    parser = settings.parser()
    words = {word: parser.get_parsed_content(word) for word in ("val_fraction", "seed", "fold") if word in parser}
    try:
        return split_cases(cases, **words), ""
    except ValueError as error:
        return {"train": list(cases), "val": list(cases)}, str(error)


def _needed(settings: Settings, found: FoundImages, *, grid: InputGrid, size: RunSize) -> Iterator[tuple[str, str]]:
    if size.cost is None:
        yield "time", size.measured
    else:
        yield from _time_and_memory(size)
    yield (
        "first look",
        f"{_time(found.read_seconds * len(found.cases))} to read every image once, then it is remembered",
    )
    cache = _cache_bytes(settings, found, grid=grid)
    if cache:
        yield "cache", f"{_bytes(cache)} of memory for prepared images, {_bytes(_free_memory())} are free"
    stored, store = _store_bytes(settings, found, grid=grid), str(_value(settings, "store"))
    if stored:
        yield "disk", f"at most {_bytes(stored)} in the store, {_bytes(_free_disk(store))} are free there"


def _time_and_memory(size: RunSize) -> Iterator[tuple[str, str]]:
    cost = size.cost
    if cost is None:
        return
    step = cost.batch_seconds(size.images_a_step)
    how = f"measured with {cost.size}" + (f", {size.measured}" if size.measured else "")
    yield "step", f"{step:.2g} s for {size.images_a_step} crops or images, {how}; loading not counted"
    if size.items:
        total = _time(size.epochs * size.epoch_seconds)
        yield "epoch", f"{_time(size.epoch_seconds)} for {size.items} of them; {total} for {size.epochs} epochs"
    else:
        yield "epoch", f"{_time(cost.batch_seconds(1000))} for 1000; how many there are is known after the preparation"
    load, cores = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0, os.cpu_count() or 1
    if load > cores:
        yield "but", f"other programs keep this machine busy (load {load:.1f} on {cores} cores); alone it is faster"
    free = _free_memory(size.device)
    yield "memory", f"{_bytes(cost.batch_bytes(size.images_a_step))} or more for a step, {_bytes(free)} are free"


def _suggested(settings: Settings, found: FoundImages, *, grid: InputGrid, size: RunSize) -> Iterator[tuple[str, str]]:
    free, workers = _free_memory(size.device), _value(settings, "num_workers")
    if size.cost and size.cost.batch_bytes(size.images_a_step) > 0.8 * free:
        batch = int((0.8 * free - size.cost.fixed) // max(1, size.cost.per_image) * _value(settings, "batch_size"))
        yield f"--batch_size {max(1, batch // size.images_a_step)}", "so that a step fits into memory"
    cores = os.cpu_count() or 1
    if isinstance(workers, int) and cores > workers + 2:
        yield f"--num_workers {min(cores - 1, 8)}", f"there are {cores} cores"
    if _cache_bytes(settings, found, grid=grid) > 0.5 * _free_memory():
        word = "--store DIR" if _value(settings, "store") == "none_given" else "--cache_rate 0.0"
        yield word, "so that images need not fit into memory"
    yield from _suggested_window(settings, found)
    yield from _suggested_patients(found)
    low = _resampled(found, grid)
    if any(length < edge for length, edge in zip(low, grid.patch, strict=False)) and len(low) == len(grid.patch):
        yield (
            "a smaller crop",
            f"the median image has {[round(n) for n in low]} voxels of the run, a crop {list(grid.patch)}",
        )


def _suggested_patients(found: FoundImages) -> Iterator[tuple[str, str]]:
    if found.patients < len(found.cases) or any(case.get("listed") for case in found.cases):
        return
    beginnings = {re.split(r"[_-]", stem(first_file(case["image"])))[0] for case in found.cases}
    numbered = all(re.search(r"\d", beginning) for beginning in beginnings)
    if numbered and 1 < len(beginnings) < 0.8 * len(found.cases):
        what = f"if the {len(beginnings)} beginnings of file names are patients"
        yield "--patient_pattern '([^/_-]+)[_-][^/]*$'", what


def _suggested_window(settings: Settings, found: FoundImages) -> Iterator[tuple[str, str]]:
    windows = {id_: value for id_, value in config_items(dict(settings.merged)) if id_.endswith("window_hu")}
    above = [facts for facts in found.values if facts["range"][0] > AIR_HU]
    if len(above) <= len(found.values) / 2:
        return
    for id_, value in windows.items():
        if isinstance(value, list):
            yield f"--{id_} percentiles", f"values above {AIR_HU} only are hardly Hounsfield units of CT"
    for id_, value in config_items(dict(settings.merged)):
        if id_.endswith("body_hu") and isinstance(value, int | float):
            yield f"--{id_} none_given", "for the same reason"


def _resampled(found: FoundImages, grid: InputGrid) -> list[float]:
    if not found.headers:
        return []
    shape, spacing = found.middle("shape"), found.middle("spacing")
    new = grid.spacing or spacing
    return [length * size / wanted for length, size, wanted in zip(shape, spacing, new, strict=False)]


def _cache_bytes(settings: Settings, found: FoundImages, *, grid: InputGrid) -> float:
    if not config_value(settings.merged, "train#dataset#cache_rate") or not found.headers:
        return 0
    rate = _value(settings, "cache_rate")
    voxels = _pixels(settings, found, grid=grid)
    copies = 1 + any("label" in case for case in found.cases)
    return rate * voxels * copies * BYTES_CACHED * len(found.cases) if isinstance(rate, int | float) else 0


def _store_bytes(settings: Settings, found: FoundImages, *, grid: InputGrid) -> float:
    if _value(settings, "store") in (None, "none_given") or not found.headers:
        return 0
    return _pixels(settings, found, grid=grid) * BYTES_STORED[grid.pictures] * len(found.cases)


def _pixels(settings: Settings, found: FoundImages, *, grid: InputGrid) -> float:
    shape, spacing = found.middle("shape"), found.middle("spacing")
    side = _value(settings, "picture#short_side") if grid.pictures else None
    if isinstance(side, int | float):
        return min(1.0, side / min(shape)) ** 2 * shape[0] * shape[1]
    return grid.voxels(shape, spacing)


def _value(settings: Settings, word: str) -> Any:
    return settings.parser().get_parsed_content(word) if config_value(settings.merged, word) is not None else None


def _free_memory(device: torch.device | str = "cpu") -> int:
    if torch.device(device).type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        found = None
    if found:
        return 1024 * int(found[1])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 1 << 33


def _free_disk(path: str) -> int:
    place = Path(path).resolve()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _time(seconds: float) -> str:
    for unit, length in (("s", 60), ("min", 60), ("h", 48)):
        if seconds < length:
            return f"{seconds:.2g} {unit}"
        seconds /= 24 if unit == "h" else 60
    return f"{seconds:.3g} days"
