import numpy as np
import pytest
import torch

from medssl.geometry import jacobian_determinant
from medssl.samples import ORGANS, chest_ct, virtual_patient
from medssl.samples.virtual import LOWEST_JACOBIAN, draw_deformation

CT = chest_ct()
PATIENTS = [virtual_patient((0, number)) for number in (1, 2)]
COARSE = virtual_patient((0, 1), spacing=4.0)


def test_same_seed_gives_the_same_patient():
    again = virtual_patient((0, 1))
    for name in ("image", "label", "displacement_mm"):
        assert np.array_equal(getattr(again, name), getattr(PATIENTS[0], name))
    assert not np.array_equal(PATIENTS[0].label, PATIENTS[1].label)


def test_values_are_those_of_a_ct():
    for patient in PATIENTS:
        assert patient.image.dtype == np.int16
        assert patient.label.dtype == np.uint8
        assert patient.image.min() == -1024
        assert patient.image.max() <= 3064
        assert np.array_equal(patient.affine, CT.affine)


def test_organs_are_there_and_vary_within_bounds():
    before = np.bincount(CT.label.ravel(), minlength=9)[1:]
    for patient in PATIENTS:
        ratio = np.bincount(patient.label.ravel(), minlength=9)[1:] / before
        assert len(ratio) == len(ORGANS)
        assert (ratio > 0.4).all()
        assert (ratio < 2.2).all()
        assert np.abs(ratio - 1).max() > 0.03


@pytest.mark.parametrize("seed", range(3))
def test_deformations_never_fold(seed):
    field, (low, high) = draw_deformation((45, 34, 41), 8.0, generator=np.random.default_rng(seed))
    determinant = jacobian_determinant(field)
    assert (float(determinant.min()), float(determinant.max())) == pytest.approx((low, high))
    assert LOWEST_JACOBIAN <= low < 1 < high


def test_fields_that_fold_are_weakened(monkeypatch):
    monkeypatch.setattr("medssl.samples.virtual.AMPLITUDE_MM", 200.0)
    _, (low, _) = draw_deformation((30, 30, 30), 8.0, generator=np.random.default_rng(0))
    assert low >= LOWEST_JACOBIAN


@pytest.mark.parametrize("patient", [PATIENTS[0], COARSE], ids=["2mm", "4mm"])
def test_organs_are_found_where_the_correspondence_says(patient):
    index = np.random.default_rng(0).integers(0, patient.image.shape, size=(4000, 3))
    source = (
        index * patient.spacing + patient.displacement_mm[:, index[:, 0], index[:, 1], index[:, 2]].T
    ) / CT.spacing
    inside = ((source >= 0) & (source <= np.array(CT.image.shape) - 1)).all(1)
    there = CT.label[tuple(source[inside].round().astype(int).T)]
    here = patient.label[tuple(index[inside].T)]
    assert inside.mean() > 0.7
    assert (here == there).mean() > (0.999 if patient is not COARSE else 0.99)


def test_landmark_moves_as_the_field_says():
    patient = PATIENTS[0]
    here = np.argwhere(patient.label == ORGANS.index("spleen") + 1)
    there = here * 2.0 + patient.displacement_mm[:, here[:, 0], here[:, 1], here[:, 2]].T
    weight = np.asarray(jacobian_determinant(torch.from_numpy(patient.displacement_mm / 2)))[tuple(here.T)]
    centre = np.average(there, axis=0, weights=weight)
    expected = np.argwhere(CT.label == ORGANS.index("spleen") + 1).mean(0) * 2.0
    assert np.abs(here.mean(0) * 2.0 - expected).max() > 3  # it did move
    assert centre == pytest.approx(expected, abs=0.5)


def test_spacing_changes_voxels_not_the_patient():
    fine = PATIENTS[0]
    assert COARSE.spacing == pytest.approx(4.0)
    assert COARSE.jacobian == fine.jacobian
    assert np.allclose(COARSE.displacement_mm, fine.displacement_mm[:, ::2, ::2, ::2], atol=0.01)
    assert np.array_equal(COARSE.label, fine.label[::2, ::2, ::2])


def test_border_holds_no_black_wedges():
    for patient in PATIENTS:
        lowest = patient.image[..., 0] > -1024
        assert lowest.sum() > 0.75 * (CT.image[..., 0] > -1024).sum()


def test_noise_and_brightness_stay_within_bounds():
    for patient in PATIENTS:
        liver = patient.label == ORGANS.index("liver") + 1
        wave = np.diff(patient.image[..., 50:60].astype(float), axis=2)[liver[..., 50:59]]
        assert 10 < np.median(np.abs(wave)) / 0.6745 / np.sqrt(2) < 30
        assert abs(np.median(patient.image[liver]) - np.median(CT.image[CT.label == 3])) < 20
