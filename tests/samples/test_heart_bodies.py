import numpy as np
import pytest

from medssl.samples import ORGANS, chest_ct, virtual_patient
from medssl.samples.heart_axes import find_heart
from medssl.samples.heart_bodies import SHADES, ChestBody, PhantomInChest
from medssl.samples.phantom import FAT

HEART = ORGANS.index("heart") + 1


@pytest.fixture(scope="module")
def scan():
    return chest_ct()


@pytest.fixture(scope="module")
def patient():
    return ChestBody(np.random.default_rng((0, 1)))


def places(scan, mask, count=300):
    index = np.argwhere(mask)
    index = index[np.random.default_rng(0).choice(len(index), count, replace=False)]
    return index, scan.affine[:3, :3] @ index.T + scan.affine[:3, 3:]


def test_embedded_ct_shows_its_hu_as_brightness(scan):
    index, points = places(scan, scan.image > -2000)
    grey, chambers = ChestBody().look(points)
    assert grey == pytest.approx(np.interp(scan.image[tuple(index.T)], [*SHADES], [*SHADES.values()]), abs=0.05)
    assert not chambers.any()


def test_landmarks_move_with_the_tissue(scan, patient):
    known = find_heart(scan)
    for name in ("base", "apex", "right"):
        place = getattr(patient.frame, name)
        index = patient.origin(place.reshape(3, 1)).numpy()[:, 0] / scan.spacing
        assert scan.affine[:3] @ [*index, 1] == pytest.approx(getattr(known, name), abs=0.01)
        assert np.linalg.norm(place - getattr(known, name)) > 0.5


def test_patient_shows_the_tissue_of_the_ct_elsewhere(scan, patient):
    frame = patient.frame
    grey, _ = patient.look(np.stack([frame.base, frame.right, frame.apex], axis=1))
    assert grey[:2].min() > 180 > grey[2]  # blood, and none


def test_patient_is_the_virtual_patient_of_the_same_seed(patient):
    known = virtual_patient((0, 1))
    index = np.indices(known.image.shape)[:, ::12, ::12, ::12]
    points = np.tensordot(known.affine[:3, :3], index, axes=1) + known.affine[:3, 3].reshape(3, 1, 1, 1)
    expected = index * known.spacing + known.displacement_mm[:, ::12, ::12, ::12]
    assert np.linalg.norm(patient.origin(points).numpy() - expected, axis=0).max() < 1


def test_every_seed_is_another_patient():
    first, second = (ChestBody(np.random.default_rng(seed)).frame.base for seed in (1, 2))
    assert np.linalg.norm(first - second) > 1


def test_heart_is_taken_out_with_its_vessels(scan):
    _, points = places(scan, scan.label == HEART)
    assert ChestBody(heart=False).look(points)[0] == pytest.approx(FAT, abs=25)
    with_heart, without = (ChestBody(heart=heart).look(points)[0] for heart in (True, False))
    assert with_heart.max() > 220
    assert without.max() < 200


def test_rest_of_the_chest_stays(scan):
    _, points = places(scan, scan.label == ORGANS.index("vertebrae") + 1)
    assert np.array_equal(ChestBody(heart=False).look(points)[0], ChestBody().look(points)[0])


def test_phantom_is_laid_where_the_heart_was(scan):
    body = PhantomInChest()
    frame = body.frame
    along = frame.base[:, None] + frame.axes[:, 2:] * np.array([0.5, 0.97, 1.6]) * frame.length_mm
    grey, chambers = body.look(along)
    assert chambers.tolist() == [3, 2, 0]
    assert grey[:2].tolist() == [220, 90]
    _, points = places(scan, scan.label == ORGANS.index("vertebrae") + 1)
    assert np.array_equal(body.look(points)[0], ChestBody(heart=False).look(points)[0])
