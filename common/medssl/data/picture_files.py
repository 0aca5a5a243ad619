"""Grey values of picture files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["grey_picture", "read_picture"]

GREY_MODES = ("L", "I", "F")  # and 16 bits, "I;16" and the like
LABEL_MODES = ("1", "P")
LARGEST_SPREAD = 4.0  # grey pictures kept as colour JPEG stay below 1, films with a coloured mark below 3


def read_picture(path: str | Path, *, labels: bool = False) -> np.ndarray:
    """The values of a PNG, JPEG, TIFF or whatever else Pillow knows.

    Args:
        path: the file.
        labels: whether it is a label map, of which a palette's numbers are wanted and not its colours.

    Returns:
        Values as stored, left to right and then top to bottom, ``(x, y)``.

    Raises:
        ValueError: if it is no single grey picture.
    """
    try:
        with Image.open(path) as picture:
            frames = getattr(picture, "n_frames", 1)
            if frames > 1:
                raise ValueError(f"holds {frames} pictures where one is needed; write each to a file of its own")
            values = _label_values(picture) if labels else grey_picture(picture)
    except ValueError as error:
        raise ValueError(f"{Path(path).name} {error}") from error
    return values.astype(values.dtype.newbyteorder("=")).T


def grey_picture(picture: Image.Image) -> np.ndarray:
    """Grey values of a picture that is grey, whether or not it says so.

    Args:
        picture: of any mode; three colour channels must agree but for rounding, a fourth must hide nothing.

    Returns:
        Values, top to bottom first as Pillow has them; 8 bits, or what a picture with more bits holds.

    Raises:
        ValueError: if it is a colour picture, or parts of it are transparent.
    """
    if picture.has_transparency_data and np.asarray(picture.convert("RGBA"))[..., 3].min() < 255:
        raise ValueError("is transparent in places, which has no grey value; save it without transparency")
    if picture.mode.startswith(GREY_MODES) and picture.mode != "LAB":
        return np.asarray(picture.convert("L") if picture.mode in ("LA", "La") else picture)
    colours = np.asarray(picture.convert("RGB"))
    spread = float((colours.max(axis=2) - colours.min(axis=2)).mean())
    if spread > LARGEST_SPREAD:
        raise ValueError(
            f"is a colour picture (its channels differ by {spread:.0f} of 255 on average); "
            "remove it, or save it as grey if it shows a radiograph"
        )
    return np.asarray(picture.convert("L"))


def _label_values(picture: Image.Image) -> np.ndarray:
    values = np.asarray(picture) if picture.mode in LABEL_MODES else grey_picture(picture)
    return values.astype(np.uint8) if values.dtype == bool else values
