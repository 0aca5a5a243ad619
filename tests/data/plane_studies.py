"""Studies of planes that all show the same body."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from medssl.data import PlaneImage
from medssl.geometry import points_of

CENTRES = np.random.RandomState(4).uniform(-60, 60, size=(300, 3))
WIDTHS = np.random.RandomState(5).uniform(4, 9, size=300)
HEIGHTS = np.random.RandomState(6).uniform(20, 100, size=300)


def body(points: torch.Tensor) -> np.ndarray:
    """Grey values at places in RAS, mm: blobs without any symmetry."""
    squares = ((points.numpy()[..., None, :] - CENTRES) ** 2).sum(-1)
    return (HEIGHTS * np.exp(-squares / (2 * WIDTHS**2))).sum(-1)


def plane_affine(
    u: Any, v: Any, *, centre: Any, size: tuple[int, int], spacing: tuple[float, float] = (2.0, 2.0)
) -> torch.Tensor:
    """A plane along two unit vectors, RAS, with its middle at a place."""
    affine = torch.eye(4, dtype=torch.float64)
    affine[:3, 0] = torch.tensor(u, dtype=torch.float64) * spacing[0]
    affine[:3, 1] = torch.tensor(v, dtype=torch.float64) * spacing[1]
    affine[:3, 2] = torch.linalg.cross(affine[:3, 0], affine[:3, 1]) / (spacing[0] * spacing[1])
    middle = affine[:3, :2] @ torch.tensor([(n - 1) / 2 for n in size], dtype=torch.float64)
    affine[:3, 3] = torch.tensor(centre, dtype=torch.float64) - middle
    return affine


def plane_image(name: str, stack: str, affine: torch.Tensor, size: tuple[int, int]) -> PlaneImage:
    """What the body looks like in a plane."""
    u, v = np.meshgrid(*map(np.arange, size), indexing="ij")
    points = points_of(affine, np.stack([u, v], axis=-1).reshape(-1, 2))
    return PlaneImage(name, stack, affine, body(points).reshape(size).astype(np.float32))


def heart() -> list[PlaneImage]:
    """A stack of five slices along z and two long views that cut it, one of them oblique."""
    size, half = (56, 48), np.sqrt(0.5)
    stack = [
        plane_image(f"SAX {n + 1}", "SAX", plane_affine((1, 0, 0), (0, 1, 0), centre=(0, 0, z), size=size), size)
        for n, z in enumerate((-24, -12, 0, 12, 24))
    ]
    long = plane_affine((1, 0, 0), (0, 0, 1), centre=(3, 4, -5), size=size)
    oblique = plane_affine((half, half, 0), (0, 0, 1), centre=(-4, 2, 6), size=size, spacing=(2.0, 2.5))
    return [*stack, plane_image("2CH", "2CH", long, size), plane_image("4CH", "4CH", oblique, size)]


def study_of(images: list[PlaneImage], folder: Path, **words: Any) -> dict[str, Any]:
    """Store images as a study of single frames; words go into every plane's record."""
    stacks = list(dict.fromkeys(image.stack for image in images))
    planes: list[dict[str, Any]] = []
    for image in images:
        file = f"planes/{len(planes)}.npy"
        (folder / "planes").mkdir(parents=True, exist_ok=True)
        np.save(folder / file, image.values[None])
        number = sum(plane["view"] == image.stack for plane in planes)
        record = {"file": file, "view": image.stack, "stack": stacks.index(image.stack), "number": number}
        record |= {"affine": image.affine.tolist(), "size": list(image.values.shape), "frames": 1, "times_ms": []}
        planes.append(record | {"location": None, "stack_mm": 0.0, "thickness_mm": 6.0, "placed": True} | words)
    return {"study": "study-1", "patient": "patient-1", "planes": planes}
