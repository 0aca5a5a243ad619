"""How well a heat map says where something is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from monai.data.box_utils import CornerSizeMode, box_iou, convert_box_to_standard_mode
from scipy import ndimage

__all__ = ["accuracy_at", "box_above", "box_ious", "lies_within", "peak"]


def box_above(heat: np.ndarray, share: float = 0.5) -> np.ndarray:
    """Box around the largest connected piece of a heat map that is hot enough.

    Args:
        heat: at least 0 everywhere.
        share: of the hottest value that counts as hot, in (0, 1].

    Returns:
        First corner and size in pixels, ``(2 * D,)``: ``x, y, width, height`` of a picture; not-a-number for a map that
        is 0 everywhere.

    Shape:
        ``(*S)`` in, with ``D`` axes.

    Source:
        Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016, section 3.2.
    """
    if not heat.max() > 0:
        return np.full(2 * heat.ndim, np.nan)
    pieces, count = ndimage.label(heat >= share * heat.max())
    largest = np.bincount(pieces.ravel(), minlength=count + 1)[1:].argmax() + 1
    places = np.argwhere(pieces == largest)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    return np.concatenate([low, high - low]).astype(float)


def peak(heat: np.ndarray) -> np.ndarray:
    """Centre of the hottest pixel, ``(D,)``; not-a-number for a map that is 0 everywhere."""
    if not heat.max() > 0:
        return np.full(heat.ndim, np.nan)
    return np.array(np.unravel_index(heat.argmax(), heat.shape)) + 0.5


def lies_within(point: np.ndarray, boxes: np.ndarray) -> bool:
    """Whether a point lies in one of some boxes: the pointing game.

    Args:
        point: ``(D,)``.
        boxes: first corners and sizes, ``(B, 2 * D)``; those that are not a number hold nothing.

    Source:
        Zhang et al., Top-Down Neural Attention by Excitation Backprop, ECCV 2016, section 4.2, without a margin.
    """
    low, size = np.split(np.asarray(boxes, dtype=float), 2, axis=1)
    return bool(((point >= low) & (point <= low + size)).all(axis=1).any())


def box_ious(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of a box with each of some others; 0 with boxes that are not a number.

    Args:
        box: first corner and size, ``(2 * D,)``.
        boxes: ``(B, 2 * D)``.

    Shape:
        ``(B,)`` out.
    """
    first, others = (np.asarray(each, dtype=np.float32).reshape(-1, len(box)) for each in (box, boxes))
    known = np.isfinite(others).all(axis=1) & np.isfinite(first).all()
    corners = [convert_box_to_standard_mode(each, mode=CornerSizeMode) for each in (first, others[known])]
    ious = np.zeros(len(others))
    ious[known] = box_iou(*corners)[0] if known.any() else 0
    return ious


def accuracy_at(ious: Sequence[float], thresholds: Sequence[float]) -> list[float]:
    """Share of cases whose intersection over union reaches each threshold.

    Args:
        ious: one a case.
        thresholds: in (0, 1].

    Source:
        Wang et al., ChestX-ray8, CVPR 2017, section 4.3, accuracy of disease localisation (``T(IoU)``).
    """
    return [float(np.mean(np.asarray(ious) >= threshold)) for threshold in thresholds]
