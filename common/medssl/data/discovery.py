"""Which places of which patients show the same anatomy."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from medssl.data.coordinates import CoordinateSearch, Resolutions
from medssl.data.patterns import nearest

__all__ = ["Cohort", "SelfDiscovery"]

logger = logging.getLogger(__name__)


class Cohort:
    """The volumes that patterns are discovered in.

    Args:
        volumes: values in [0, 1], ``(X, Y, Z)`` or ``(1, X, Y, Z)``, or dictionaries that have one as ``image``; read
            one at a time. "The same place" means the same voxel index, so they should share orientation and spacing.
        features: one vector a volume, by which patients are compared, ``(N, E)``.
        patients: whose volume it is; two volumes may be of one patient.
        splits: ``train`` or ``val`` for every volume.
        data_hash: which images these are, see :func:`data_hash`.

    Raises:
        ValueError: if the lists differ in length, a feature is not finite, or there are too few patients.
    """

    def __init__(
        self,
        volumes: Sequence[Any],
        features: Any,
        *,
        patients: Sequence[str],
        splits: Sequence[str],
        data_hash: str = "none_given",
    ) -> None:
        self.volumes = volumes
        self.features = np.asarray(features, dtype=np.float32)
        self.patients, self.splits, self.data_hash = list(patients), list(splits), data_hash
        lengths = (len(volumes), len(self.features), len(self.patients), len(self.splits))
        if len(set(lengths)) > 1:
            raise ValueError(f"Volumes, features, patients and splits need the same length, got {lengths}.")
        if self.features.ndim != 2 or not np.isfinite(self.features).all():
            raise ValueError(
                f"Features need the shape (N, E) and finite values, got {self.features.shape} with "
                f"{int((~np.isfinite(self.features)).sum())} others; train the auto-encoder anew."
            )
        number, training = len(set(self.patients)), len({self.patients[row] for row in self.rows("train")})
        if number < 3 or training < 2:
            raise ValueError(
                "Self-discovery needs at least 3 patients, 2 of them for training, "
                f"got {number} and {training}; add patients, or look at patient_pattern and val_fraction."
            )

    def rows(self, split: str) -> list[int]:
        """Numbers of the volumes of ``train`` or ``val``."""
        return [row for row, name in enumerate(self.splits) if name == split]

    def volume(self, row: int) -> np.ndarray:
        """Read one volume, ``(X, Y, Z)``.

        Raises:
            ValueError: if it is not three-dimensional or has values outside [0, 1].
        """
        item = self.volumes[row]
        values = np.asarray(item["image"] if isinstance(item, dict) else item)
        values = values[0] if values.ndim == 4 and len(values) == 1 else values
        low, high = float(values.min()), float(values.max())
        if values.ndim != 3 or not (low >= 0 and high <= 1):
            raise ValueError(
                f"Self-discovery needs volumes (X, Y, Z) with values in [0, 1], volume {row} has the shape "
                f"{values.shape} and values in [{low:g}, {high:g}]; put ScaleIntensityRanged(clip=True) before it."
            )
        return values


@dataclass(frozen=True)
class SelfDiscovery:
    """Finds places that show similar anatomy in similar patients, each of them one class.

    For a class, a patient not used before is the reference, one place is drawn in it, and cubes are cut at the same
    voxels from the patients whose features are nearest. A neighbour without a complete cube there is passed over. All
    draws come from one seed. A class that cannot be filled is reported with the reason.

    Args:
        search: how a place is drawn.
        resolutions: which variations of a place are cut for training; validation has the exact cube only.
        cube: voxels of a cube along each axis; the first two are alike.
        classes: number of classes wanted.
        neighbours: most training volumes of a class, the reference among them.
        validation_neighbours: most validation volumes of a class.
        coordinates_per_reference: classes from one reference, 1 or more; "auto" spreads the classes that are still
            missing over the references that are left, which is 1 if there are patients enough.
        seed: start of all draws, 0 or more.

    Raises:
        ValueError: if a setting lies outside its range.

    Source:
        Haghighi et al., Learning Semantics-enriched Representation via Self-discovery, Self-classification, and
        Self-restoration, MICCAI 2020, self-discovery; numbers from the published program.
    """

    search: CoordinateSearch = field(default_factory=CoordinateSearch)
    resolutions: Resolutions = field(default_factory=Resolutions)
    cube: Sequence[int] = (64, 64, 32)
    classes: int = 44
    neighbours: int = 200
    validation_neighbours: int = 30
    coordinates_per_reference: int | str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        each = self.coordinates_per_reference
        if not (each == "auto" or (isinstance(each, int) and each > 0)):
            raise ValueError(f"coordinates_per_reference is 1 or more or 'auto', got {each!r}.")
        if len(self.cube) != 3 or self.cube[0] != self.cube[1] or self.resolutions.sizes[0] > self.cube[0]:
            raise ValueError(
                "A cube has three edges, the first two alike and not below the least size that is cut, "
                f"got {tuple(self.cube)} and {tuple(self.resolutions.sizes)}; change cube or sizes."
            )
        if self.classes < 2 or self.neighbours < 2:
            raise ValueError(f"classes and neighbours are 2 or more, got {self.classes} and {self.neighbours}.")

    def plan(self, cohort: Cohort) -> dict[str, Any]:
        """Choose classes and cubes; nothing is cut yet.

        Returns:
            ``settings``, ``classes`` (how many were filled), ``unfilled`` (class and reason of the others),
            ``unsuitable`` (``volume patient shape needed`` of training volumes too small for a reference), and
            ``cubes``: for every cube ``split volume patient depth corner size resolution distance class``.

        Raises:
            ValueError: if fewer than two classes could be filled.
        """
        shapes = [cohort.volume(row).shape for row in range(len(cohort.volumes))]
        draws = np.random.default_rng(self.seed)
        references = [int(row) for row in draws.permutation(cohort.rows("train"))]
        unsuitable = self._unsuitable(cohort, shapes)
        small = {entry["volume"] for entry in unsuitable}
        tally: Counter[str] = Counter(small=len(small))
        taken: list[tuple[int, ...]] = []
        cubes: list[dict[str, Any]] = []
        for used, reference in enumerate(references):
            wanted = self._wanted(self.classes - len(taken), len(references) - used)
            wanted = 0 if reference in small else wanted
            volume = cohort.volume(reference) if wanted else np.empty((0, 0, 0))
            for _ in range(wanted):
                corner = self.search.draw(volume, self.cube, taken=taken, draws=draws, tally=tally)
                if corner is None:
                    break
                found = self._cubes(cohort, reference, corner=corner, shapes=shapes, draws=draws)
                if found:
                    cubes += [cube | {"class": len(taken)} for cube in found]
                    taken.append(corner)
                else:
                    tally["alone"] += 1
        reason = self._reason(tally, len(references))
        if len(taken) < 2:
            raise ValueError(f"Self-discovery filled {len(taken)} of {self.classes} classes: {reason}.")
        unfilled = [{"class": number, "reason": reason} for number in range(len(taken), self.classes)]
        if unfilled:
            logger.warning("classes %s could not be filled: %s.", [entry["class"] for entry in unfilled], reason)
        counts = {"settings": asdict(self), "classes": len(taken), "unfilled": unfilled}
        return counts | {"unsuitable": unsuitable, "cubes": cubes}

    def _unsuitable(self, cohort: Cohort, shapes: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
        least = list(self.search.least_shape(self.cube))
        found = []
        for row in cohort.rows("train"):
            shape, patient = list(shapes[row]), cohort.patients[row]
            if any(length < need for length, need in zip(shape, least, strict=True)):
                found.append({"volume": row, "patient": patient, "shape": shape, "needed": least})
                logger.warning("%s is no reference: its volume is %s voxels, needed are %s.", patient, shape, least)
        return found

    def _wanted(self, missing: int, references: int) -> int:
        each = self.coordinates_per_reference
        return math.ceil(missing / references) if isinstance(each, str) else min(each, missing)

    def _cubes(
        self,
        cohort: Cohort,
        reference: int,
        *,
        corner: tuple[int, ...],
        shapes: Sequence[Sequence[int]],
        draws: np.random.Generator,
    ) -> list[dict[str, Any]]:
        cubes = []
        for split, most in (("train", self.neighbours), ("val", self.validation_neighbours)):
            rows = [row for row in cohort.rows(split) if _reaches(shapes[row], corner, cube=self.cube)]
            if split == "train" and len(rows) < 2:  # what is in one volume only is no recurring pattern
                return []
            order, distances = nearest(cohort.features[reference], cohort.features[rows])
            for place, distance in zip(order[:most], distances[:most], strict=True):
                row = rows[place]
                facts = {"split": split, "volume": row, "patient": cohort.patients[row], "depth": self.cube[2]}
                places = [(corner, self.cube[0])]
                if split == "train":
                    places = self.resolutions.draw(corner, shapes[row], edge=self.cube[0], draws=draws)
                for number, (start, size) in enumerate(places):
                    own = {"corner": list(start), "size": size, "resolution": number, "distance": float(distance)}
                    cubes.append(facts | own)
        return cubes

    def _reason(self, tally: Counter[str], references: int) -> str:
        least = " x ".join(map(str, self.search.least_shape(self.cube)))
        low, high = self.search.dense_fraction
        return (
            f"all {references} training volumes were used as reference; {tally['small']} were smaller than {least} "
            f"voxels; of the candidates {tally['dense']} were not between {low:g} and {high:g} dense, {tally['close']} "
            f"closer than {self.search.min_distance:g} voxels to an earlier one, {tally['alone']} inside no "
            "other volume; add patients, or change margin, dense_fraction, min_distance or coordinates_per_reference"
        )


def _reaches(shape: Sequence[int], corner: Sequence[int], *, cube: Sequence[int]) -> bool:
    return all(start + length <= room for start, length, room in zip(corner, cube, shape, strict=True))
