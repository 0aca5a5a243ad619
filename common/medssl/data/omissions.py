"""What is left out is named and counted."""

from __future__ import annotations

import logging
from collections.abc import Sequence

__all__ = ["report_omissions"]

logger = logging.getLogger(__name__)
NAMED = 20


def report_omissions(bad: Sequence[str], total: int, *, strict: bool, what: str = "cases") -> None:
    """Say how many things were left out, or stop if none may be or nothing else is left.

    Args:
        bad: which, each with the reason.
        total: of how many.
        strict: whether none may be left out.
        what: what they are, in the plural.

    Raises:
        ValueError: if ``strict`` holds and something was left out, or all of it was.
    """
    if not bad:
        return
    if strict or len(bad) == total:
        reason = "none is left" if len(bad) == total else "strict allows none"
        raise ValueError(
            f"{len(bad)} of {total} {what} are bad, {reason}; correct or remove them:\n" + "\n".join(bad[:NAMED])
        )
    logger.warning("left out %d of %d %s.", len(bad), total, what)
