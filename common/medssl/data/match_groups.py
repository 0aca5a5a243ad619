"""Which volumes are matched with which, in groups that fit in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["pair_groups"]


def pair_groups(
    patients: Sequence[str], splits: Sequence[str], *, partners: int, seed: int = 0
) -> list[list[tuple[int, int]]]:
    """Give every volume partners of other patients, so that few volumes must be in memory together.

    A volume is in one group of its split, and its partners are in it too. Where all of a group are of one patient,
    partners are drawn from the rest of the split, or, if that is this patient alone, from the training volumes.

    Args:
        patients: whose volume it is, for every volume.
        splits: ``train`` or ``val``, for every volume.
        partners: most partners of a volume, 1 or more; a group has about one volume more.
        seed: start of the draws, 0 or more.

    Returns:
        For every group its pairs of volume and partner, by number.

    Raises:
        ValueError: if the training volumes are of one patient.
    """
    rows = {split: [row for row, name in enumerate(splits) if name == split] for split in ("train", "val")}
    training = {patients[row] for row in rows["train"]}
    if len(training) < 2:
        raise ValueError(
            f"Matching patients needs at least 2 of them for training, got {len(training)}; add patients, or choose "
            "the pairing 'same_patient'."
        )
    generator = np.random.default_rng(seed)
    groups = []
    for mine in rows.values():
        for group in _dealt(mine, patients, groups=_number(len(mine), partners), generator=generator):
            pool, own = group, {patients[row] for row in group}
            if len(own) == 1:
                pool = _of_others(mine, patients, own=own) or _of_others(rows["train"], patients, own=own)
                pool = generator.permutation(pool)[:partners].tolist()
            drawn = {row: generator.permutation(_of_others(pool, patients, own={patients[row]})) for row in group}
            groups.append([(row, int(other)) for row, found in drawn.items() for other in found[:partners]])
    return groups


def _number(volumes: int, partners: int) -> int:
    return min(-(-volumes // (partners + 1)), max(volumes // 2, 1))  # no group of one volume, if there are more


def _dealt(rows: list[int], patients: Sequence[str], *, groups: int, generator: np.random.Generator) -> list[list[int]]:
    names = list(dict.fromkeys(patients[row] for row in rows))
    place = dict(zip(generator.permutation(names).tolist(), range(len(names)), strict=True))
    order = sorted(rows, key=lambda row: place[patients[row]])  # volumes of a patient are neighbours, and come apart
    return [order[start::groups] for start in range(groups)]


def _of_others(rows: Sequence[int], patients: Sequence[str], *, own: set[str]) -> list[int]:
    return [row for row in rows if patients[row] not in own]
