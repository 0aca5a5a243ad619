"""What kind of images a list names: of all their headers, and of the voxels of a few."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median_low
from typing import Any

from medssl.checks.headers import bad_cases, headers_of
from medssl.data.facts import image_facts, plane_facts
from medssl.data.files import first_file

__all__ = ["FoundImages", "look_at_images"]

MOST_HEADERS = 2000
FAR = 3.0  # times the median


@dataclass(frozen=True)
class FoundImages:
    """What was seen of some images.

    Args:
        cases: all that there are.
        headers: of those that were looked at and can be used: ``shape``, ``spacing``.
        values: of those that were read: ``range``, ``few_values``.
        labels: the same of the labels that were read.
        suspicious: reasons by file name.
        read_seconds: median time to read one.
        every: which part of the headers was looked at: one in so many.
    """

    cases: Sequence[Mapping[str, Any]]
    headers: Sequence[Mapping[str, Any]]
    values: Sequence[Mapping[str, Any]] = ()
    labels: Sequence[Mapping[str, Any]] = ()
    suspicious: Mapping[str, str] = field(default_factory=dict)
    read_seconds: float = 0.0
    every: int = 1

    @property
    def patients(self) -> int:
        """How many patients there are."""
        return len({case.get("patient") for case in self.cases})

    def middle(self, word: str) -> list[float]:
        """Median shape or spacing, axis by axis, of the images with the usual number of axes.

        Args:
            word: ``shape`` or ``spacing``.
        """
        return [median_low(values) for values in self._by_axis(word)]

    def described(self) -> Iterator[tuple[str, str]]:
        """What was found, as pairs of a word and a text."""
        labelled = sum("label" in case for case in self.cases)
        classified = sum("class" in case for case in self.cases)
        yield (
            "images",
            f"{len(self.cases)} of {self.patients} patients; {labelled} with a label, {classified} with a class",
        )
        if self.headers:
            yield "shape", self._span("shape", " x ")
            yield "spacing", f"{self._span('spacing', ' x ')} mm"
        looked = "all" if self.every == 1 else f"one in {self.every}"
        yield "headers", f"{looked} read, {len(self.headers)} of them fit for use"
        if self.values:
            low, high = (pick(facts["range"][side] for facts in self.values) for side, pick in ((0, min), (1, max)))
            yield "values", f"{low:g} to {high:g}, in the {len(self.values)} images that were read"
        if self.labels:
            counts = max(facts["few_values"] for facts in self.labels)
            yield "labels", f"up to {counts} different values, in the {len(self.labels)} that were read"

    def _span(self, word: str, cross: str) -> str:
        axes = self._by_axis(word)
        texts = [cross.join(f"{pick(values):.4g}" for values in axes) for pick in (median_low, min, max)]
        return texts[0] if texts[1] == texts[2] else f"{texts[0]} (median), {texts[1]} to {texts[2]}"

    def _by_axis(self, word: str) -> list[tuple[float, ...]]:
        axes = Counter(len(facts["shape"]) for facts in self.headers).most_common(1)
        return list(zip(*(facts[word] for facts in self.headers if len(facts["shape"]) == axes[0][0]), strict=False))


def look_at_images(
    cases: Sequence[Mapping[str, Any]], *, flat: bool = False, few: int = 8, seconds: float = 5.0
) -> FoundImages:
    """Read the headers of images, of one in so many where there are more than 2000, and the voxels of a few.

    Args:
        cases: what :func:`medssl.data.find_cases` gives.
        flat: whether they are pictures.
        few: how many are read with their voxels, evenly chosen.
        seconds: after which no further one is read.
    """
    every = -(-len(cases) // MOST_HEADERS)
    looked = list(cases[::every])
    headers = headers_of([case["image"] for case in looked])
    bad = bad_cases(looked, headers)
    good = [number for number in range(len(looked)) if number not in bad]
    suspicious = {_name(looked[number]): problem for number, problem in bad.items()}
    suspicious |= _odd({number: headers[number] for number in good}, looked)
    values, labels, times = [], [], []
    start = time.monotonic()
    for number in good[:: max(1, len(good) // few)][:few]:
        if time.monotonic() - start > seconds:
            break
        begin = time.perf_counter()
        facts = plane_facts(looked[number]["image"]) if flat else image_facts(looked[number]["image"])
        times.append(time.perf_counter() - begin)
        problem = facts.get("problem") or _unlike_an_image(facts, looked[number])
        suspicious |= {_name(looked[number]): problem} if problem else {}
        values += [] if "problem" in facts else [facts]
        labels += _label_facts(looked[number], flat=flat)
    usable = [headers[number] for number in good]
    return FoundImages(cases, usable, values, labels, suspicious, median_low(times) if times else 0.0, every)


def _label_facts(case: Mapping[str, Any], *, flat: bool) -> list[dict[str, Any]]:
    if "label" not in case:
        return []
    facts = plane_facts(case["label"], window="none") if flat else image_facts(case["label"])
    return [] if "problem" in facts else [facts]


def _unlike_an_image(facts: Mapping[str, Any], case: Mapping[str, Any]) -> str:
    low, high = facts["range"]
    if low == high:
        return f"holds nothing but the value {low:g}"
    return f"has {facts['few_values']} whole-number values, like a label map" if facts["few_values"] else ""


def _odd(headers: Mapping[int, Mapping[str, Any]], cases: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Images whose voxels or number of axes are far from what the others have."""
    odd: dict[str, str] = {}
    if not headers:
        return odd
    usual = Counter(len(facts["shape"]) for facts in headers.values()).most_common(1)[0][0]
    alike = {number: facts for number, facts in headers.items() if len(facts["shape"]) == usual}
    odd |= {
        _name(cases[number]): f"has {len(facts['shape'])} axes, most others {usual}"
        for number, facts in headers.items()
        if number not in alike
    }
    middle = [median_low(sizes) for sizes in zip(*(facts["spacing"] for facts in alike.values()), strict=False)]
    for number, facts in alike.items():
        ratios = [
            max(size / usual_size, usual_size / size) if size > 0 < usual_size else FAR + 1
            for size, usual_size in zip(facts["spacing"], middle, strict=False)
        ]
        if max(ratios, default=1) > FAR:
            odd[_name(cases[number])] = f"has voxels of {facts['spacing']} mm, the median is {middle}"
    return odd


def _name(case: Mapping[str, Any]) -> str:
    return Path(first_file(case["image"])).name
