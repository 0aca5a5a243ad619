"""Cases with the points that match in other patients, as items to cut crops from."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medssl.data.match_table import source_id

__all__ = ["MatchedPairs"]

logger = logging.getLogger(__name__)


class MatchedPairs(Sequence):
    """Cases that have matches, each with all of its own; no volume is read.

    Args:
        cases: what :func:`stored_cases` gives, with the spacing at which crops will be cut: matches are in mm.
        rows: the ``rows`` that :func:`load_matches` gives.
        partners: cases among which partners are, if not the same: those of a single validation patient are training
            cases.

    Shape:
        Items are ``{"image": path, "pairs": (R, 2, 3), "partners": R paths}``: points of the image and of its partners
        in RAS mm, float64.

    Raises:
        ValueError: if no case has a match.
    """

    def __init__(
        self,
        cases: Sequence[Mapping[str, Any]],
        rows: Sequence[Mapping[str, Any]],
        *,
        partners: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.paths = list(dict.fromkeys(str(case["image"]) for case in [*cases, *partners]))
        ids = [source_id(path) for path in self.paths]
        number = {name: place for place, name in enumerate(ids)}
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows:
            if row["partner"] in number:
                found.setdefault(row["case"], []).append(row)
        own = [number[source_id(str(case["image"]))] for case in cases]
        self.cases = [place for place in own if ids[place] in found]
        logger.info("%d of %d cases have matches.", len(self.cases), len(own))
        if not self.cases:
            raise ValueError(
                f"None of {len(own)} cases has a match among {len(rows)} rows; look at what matching has counted in "
                "matches.json."
            )
        self.pairs = {place: np.stack([row["pair_mm"] for row in found[ids[place]]]) for place in self.cases}
        self.partners = {place: [number[row["partner"]] for row in found[ids[place]]] for place in self.cases}

    def __len__(self) -> int:
        return len(self.cases)

    def __getitem__(self, index: Any) -> Any:
        place = self.cases[index]
        partners = [self.paths[partner] for partner in self.partners[place]]
        return {"image": self.paths[place], "pairs": self.pairs[place], "partners": partners}
