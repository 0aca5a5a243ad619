"""What came of loading weights into a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["LoadReport", "listing"]


def listing(names: Sequence[str], limit: int = 6) -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


@dataclass(frozen=True)
class LoadReport:
    """Which tensors of a network got their values from a file; as text, one paragraph for the log.

    Args:
        source: what was loaded, without its folder.
        total: tensors of the network.
        encoder_percent: share of the encoder's parameters that were loaded, in [0, 100].
        loaded: tensors of the network that were set.
        missing: those that stay as they were, with the reason.
        unused: tensors of the file for which the network has no place.
        reshaped: tensors that were fitted to another number of channels, and how.
    """

    source: str
    total: int
    encoder_percent: float
    loaded: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    reshaped: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"{self.source}: loaded {len(self.loaded)} of {self.total} tensors "
            f"({self.encoder_percent:.4g} % of the encoder's parameters)"
        ]
        for title, names in (("left fresh", self.missing), ("unused", self.unused), ("reshaped", self.reshaped)):
            if names:
                lines.append(f"{len(names)} {title}: {listing(names)}")
        return "; ".join(lines)
