"""Small stored volumes of shifted copies of one body, and embeddings that know where they are in it."""

import numpy as np
import torch

from medssl.data import Embedded, write_stored

SHAPE = (24, 20, 16)


def affine(shift_mm=(0, 0, 0)):
    result = np.diag([-2.0, -2.0, 2.0, 1.0])
    result[:3, 3] = shift_mm
    return result


def shift(number):
    """How far the body of one patient lies from that of the first, in mm."""
    return np.array([10.0, -6.0, 4.0]) * number


def write_scans(folder, patients, splits):
    """Give the cases of each split; the body of patient ``number`` is a box in air, in some corner of the world."""
    cases = {"train": [], "val": []}
    for number, (patient, split) in enumerate(zip(patients, splits, strict=True)):
        values = np.full((1, *SHAPE), -1000, np.float32)
        values[:, 4:18, 2:20, 3:16] = np.random.default_rng(number).normal(40, 100, (1, 14, 18, 13)).clip(-100, 200)
        path = write_stored(
            folder / f"{number}.b2nd", values, affine=affine(shift(number)), source=f"{number:02d}" * 32
        )
        cases[split].append({"image": str(path), "patient": patient})
    return cases


def embedded(number):
    """Vectors that are alike where the place in the body is."""
    fine = tuple(edge // 2 for edge in SHAPE)
    place = np.stack(np.meshgrid(*(np.arange(edge) for edge in fine), indexing="ij")).reshape(3, -1) * 0.2
    waves = np.concatenate([np.cos(place), np.sin(place)]) / np.sqrt(3)
    vectors = torch.from_numpy(waves).float().view(6, *fine)
    return Embedded(vectors, vectors, affine(shift(number)), SHAPE)


class Volumes:
    """Counts how often each volume is embedded, and can be killed at one of them."""

    def __init__(self, number, last=10**6):
        self.number, self.last, self.asked = number, last, []

    def __len__(self):
        return self.number

    def __getitem__(self, index):
        if len(self.asked) == self.last:
            raise KeyboardInterrupt
        self.asked.append(index)
        return embedded(index)
