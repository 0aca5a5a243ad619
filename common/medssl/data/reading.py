"""One reader for every kind of image that a case may name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import ImageReader, ITKReader, MetaTensor, NibabelReader
from monai.transforms import EnsureChannelFirst
from monai.utils import optional_import

from medssl.data.series import series_files
from medssl.data.stored_volume import open_stored, read_stored

__all__ = ["CaseReader", "read_image"]

itk, _ = optional_import("itk")


class CaseReader(ImageReader):
    """Reads NIfTI, MHD, NRRD and the like, DICOM series, and volumes of a crop store.

    For ``LoadImaged(reader="medssl.data.CaseReader")``: whatever :func:`find_cases` and :func:`stored_cases` name, this
    can read. NIfTI goes through nibabel, all else through ITK; of a folder with several series it reads the named one.
    Threads may share one reader: between :meth:`read` and :meth:`get_data` it keeps nothing.
    """

    def verify_suffix(self, filename: Any) -> bool:
        return True

    def read(self, data: Any, **kwargs: Any) -> tuple[ImageReader, Any]:
        paths = [str(path) for path in (data if isinstance(data, list | tuple) else [data])]
        reader: ImageReader = _SeriesReader()
        if paths[0].endswith(".b2nd"):
            reader = _StoreReader()
        elif paths[0].endswith((".nii", ".nii.gz")):
            reader = NibabelReader()
        return reader, reader.read(paths, **kwargs)

    def get_data(self, img: tuple[ImageReader, Any]) -> tuple[np.ndarray, dict]:
        reader, image = img
        return reader.get_data(image)


class _SeriesReader(ITKReader):
    def read(self, data: Sequence[str], **kwargs: Any) -> Any:
        slices = [series_files(path) for path in data]
        names = [list(map(str, found)) or path for found, path in zip(slices, data, strict=True)]
        images = [itk.imread(name, **kwargs) for name in names]
        return images if len(images) > 1 else images[0]


class _StoreReader(ImageReader):
    def verify_suffix(self, filename: Any) -> bool:
        return str(filename).endswith(".b2nd")

    def read(self, data: Sequence[str], **kwargs: Any) -> Any:
        return open_stored(data[0])

    def get_data(self, img: Any) -> tuple[np.ndarray, dict]:
        affine = np.asarray(img.vlmeta["affine"])
        meta = {"affine": affine, "original_affine": affine, "space": "RAS", "original_channel_dim": 0}
        return read_stored(img), meta | {"spatial_shape": np.asarray(img.shape[1:])}


def read_image(path: str | Path | Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """An image with its channels first, and where its voxels are.

    Args:
        path: what a case names: a file, a series, a stored volume, or a list of files that are the channels.

    Returns:
        Values ``(C, *S)`` as float32; voxel index to RAS world position in mm as float64, ``(4, 4)``.
    """
    reader = CaseReader()
    values, meta = reader.get_data(reader.read(path))
    image = EnsureChannelFirst()(MetaTensor(np.asarray(values, dtype=np.float32), meta=meta))
    return image.as_tensor(), image.affine.to(torch.float64)
