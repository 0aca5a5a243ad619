import numpy as np
import pytest
import torch

from medssl.data import true_partner
from medssl.geometry import sample_at
from medssl.samples import chest_ct, known_displacement, virtual_patient

PATIENTS = [virtual_patient((0, number)) for number in (1, 2)]
KNOWN = [known_displacement(patient) for patient in PATIENTS]


def body_points(scan, count, *, above_hu=-500):
    """Places of random voxels that are body, in mm."""
    index = np.argwhere(scan.image > above_hu)
    index = index[np.random.default_rng(0).permutation(len(index))[:count]]
    return index @ scan.affine[:3, :3].T + scan.affine[:3, 3]


def exact_reference(patient, points_mm):
    """Where points lie in the embedded CT, from the field of every voxel."""
    index = (points_mm - patient.affine[:3, 3]) @ np.linalg.inv(patient.affine[:3, :3]).T
    coordinates = torch.from_numpy(index.T.reshape(3, -1, 1, 1)).float()
    along_axes = sample_at(torch.from_numpy(patient.displacement_mm), coordinates).reshape(3, -1).numpy().T
    return points_mm + along_axes @ (patient.affine[:3, :3] / patient.spacing).T


@pytest.fixture(scope="module")
def matched():
    points = body_points(PATIENTS[0], 4000)
    partners = true_partner(points, KNOWN[0], target=KNOWN[1])
    shown = np.isfinite(partners).all(axis=1)
    return points[shown], partners[shown], shown.mean()


def test_coarse_field_is_as_good_as_that_of_every_voxel(matched):
    points, partners, _ = matched
    errors = np.linalg.norm(exact_reference(PATIENTS[0], points) - exact_reference(PATIENTS[1], partners), axis=1)
    assert errors.mean() < 0.1
    assert np.quantile(errors, 0.99) < 0.2


def test_partners_are_the_same_tissue(matched):
    points, partners, _ = matched

    def organs(patient, places):
        index = (places - patient.affine[:3, 3]) @ np.linalg.inv(patient.affine[:3, :3]).T
        return patient.label[tuple(index.round().astype(int).T)]

    mine, theirs = (organs(patient, places) for patient, places in zip(PATIENTS, (points, partners), strict=True))
    assert (mine == theirs).mean() > 0.95  # the rest lies at the border of an organ
    assert (mine > 0).mean() > 0.1


def test_most_of_the_body_has_a_partner_that_lies_elsewhere(matched):
    points, partners, share = matched
    distances = np.linalg.norm(points - partners, axis=1)
    assert share > 0.8
    assert np.median(distances) > 16


def test_partners_lie_inside_the_other_patient_and_the_ct(matched):
    points, partners, _ = matched
    ends = np.array(PATIENTS[1].image.shape) - 1
    for places in (partners, exact_reference(PATIENTS[0], points)):
        index = (places - PATIENTS[1].affine[:3, 3]) @ np.linalg.inv(PATIENTS[1].affine[:3, :3]).T
        assert (index > -0.1).all()
        assert (index < ends + 0.1).all()


def test_ct_is_its_own_reference():
    scan = chest_ct()
    points = body_points(scan, 500)
    known = known_displacement(scan)
    assert np.abs(known.to_reference(points) - points).max() < 1e-3
    assert np.nanmax(np.abs(true_partner(points, known, target=known) - points)) < 1e-3


def test_spacing_changes_voxels_not_the_correspondence():
    coarse = known_displacement(PATIENTS[0].resampled(8.0))
    points = body_points(PATIENTS[0], 500)
    both = np.isfinite(coarse.to_reference(points)) & np.isfinite(KNOWN[0].to_reference(points))
    assert both.mean() > 0.7
    assert np.abs(coarse.to_reference(points) - KNOWN[0].to_reference(points))[both].max() < 0.5


def test_field_covers_the_whole_image_at_6_mm_or_less():
    for patient, known in zip(PATIENTS, KNOWN, strict=True):
        far = np.array([*np.array(known.vectors_mm.shape[1:]) - 1, 1])
        assert np.allclose((known.affine @ far)[:3], patient.affine[:3] @ [*np.array(patient.image.shape) - 1, 1])
        assert (np.linalg.norm(known.affine[:3, :3], axis=0) <= 6).all()
        assert known.vectors_mm.dtype == np.float32
