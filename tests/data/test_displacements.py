import itk
import nibabel as nib
import numpy as np
import pytest

from medssl.data import Displacement, read_displacement, true_partner

AFFINE = np.array([[-4.0, 0, 0, 30], [0, -4, 0, 20], [0, 0, 5, -100], [0, 0, 0, 1]])
SHAPE = (11, 9, 13)
CENTRE = np.array([10.0, 4.0, -70.0])


def places(affine=AFFINE, shape=SHAPE):
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    return index @ affine[:3, :3].T + affine[:3, 3]


def linear(matrix, shift):
    """The field of an affine map around the centre of the volume, which linear interpolation gives exactly."""
    world = places()
    vectors = (world - CENTRE) @ np.asarray(matrix).T + CENTRE + shift - world
    return Displacement(np.moveaxis(vectors, -1, 0), AFFINE)


TURN = linear([[1.1, 0.1, 0], [-0.1, 0.9, 0], [0, 0, 1.05]], [3, -2, 5])
STRETCH = linear(np.diag([0.8, 1.2, 0.7]), [-1, 4, 0])
POINTS = CENTRE + np.random.default_rng(0).uniform(-10, 10, size=(50, 3))


def write(path, vectors, intent):
    image = nib.Nifti1Image(vectors.astype(np.float32), AFFINE)
    image.header.set_intent(intent)
    image.to_filename(path)
    return path


def test_shift_by_hand():
    still, shifted = linear(np.eye(3), 0), linear(np.eye(3), [3.0, -2.0, 5.0])
    assert np.allclose(shifted.to_reference(CENTRE[None]), [[13, 2, -65]], atol=1e-3)
    assert np.allclose(shifted.from_reference(CENTRE[None]), [[7, 6, -75]], atol=0.01)
    assert np.allclose(true_partner(CENTRE[None], still, target=shifted), [[7, 6, -75]], atol=0.01)


def test_partner_is_that_of_the_exact_maps():
    there = (POINTS - CENTRE) @ np.array([[1.1, 0.1, 0], [-0.1, 0.9, 0], [0, 0, 1.05]]).T + [3, -2, 5]
    expected = CENTRE + (there - [-1, 4, 0]) / [0.8, 1.2, 0.7]
    found = true_partner(POINTS, TURN, target=STRETCH)
    assert np.abs(found - expected).max() < 0.05


def test_there_and_back_is_where_it_began():
    back = true_partner(true_partner(POINTS, TURN, target=STRETCH), STRETCH, target=TURN)
    assert np.abs(back - POINTS).max() < 0.05


def test_what_lies_outside_has_no_partner():
    outside = CENTRE + np.array([[60.0, 0, 0], [0, 0, 0], [0, 0, 90], [np.nan, 0, 0]])
    for found in (TURN.to_reference(outside), true_partner(outside, TURN, target=STRETCH)):
        assert np.isfinite(found).all(axis=1).tolist() == [False, True, False, False]
    far = linear(np.eye(3), [200.0, 0, 0])
    assert np.isnan(true_partner(CENTRE[None], far, target=TURN)).all()


def test_what_is_unknown_has_no_partner_and_leaves_the_rest_alone():
    vectors = TURN.vectors_mm.copy()
    vectors[:, :3] = np.nan  # the first of the planes, where x is 22 mm and more
    partly = Displacement(vectors, AFFINE)
    points = np.array([[25.0, 4, -70], [19, 4, -70], [17.9, 4, -70], [0, 4, -70]])
    assert np.isnan(partly.to_reference(points)).all(axis=1).tolist() == [True, True, False, False]
    assert (partly.to_reference(points)[2:] == TURN.to_reference(points)[2:]).all()
    known = ~np.isnan(true_partner(POINTS, STRETCH, target=partly)).any(axis=1)
    assert 0 < known.sum() < len(POINTS)
    expected = true_partner(POINTS, STRETCH, target=TURN)
    assert np.abs(true_partner(POINTS, STRETCH, target=partly) - expected)[known].max() < 0.05
    assert (expected[known, 0] < 18.01).all()


def test_fields_that_fold_give_no_wrong_partner():
    folded = linear(np.diag([-1.5, 1, 1]), 0)
    found = folded.from_reference(POINTS)
    good = np.isfinite(found).all(axis=1)
    assert np.abs(folded.to_reference(found[good]) - POINTS[good]).max(initial=0) < 0.1


def test_ras_vectors_of_the_standard_are_read(tmp_path):
    path = write(tmp_path / "ras.nii.gz", np.moveaxis(TURN.vectors_mm, 0, -1)[..., None, :], "displacement vector")
    found = read_displacement(path)
    assert np.allclose(found.vectors_mm, TURN.vectors_mm, atol=1e-4)
    assert np.allclose(found.affine, AFFINE)


def test_lps_vectors_of_itk_are_read(tmp_path):
    vectors = np.moveaxis(TURN.vectors_mm, 0, -1) * [-1, -1, 1]
    image = itk.image_from_array(np.ascontiguousarray(vectors.transpose(2, 1, 0, 3), dtype=np.float32), is_vector=True)
    image.SetSpacing([4, 4, 5])
    image.SetOrigin([-30, -20, -100])
    itk.imwrite(image, str(tmp_path / "lps.nii.gz"))
    found = read_displacement(tmp_path / "lps.nii.gz")
    assert np.allclose(found.to_reference(POINTS), TURN.to_reference(POINTS), atol=1e-3)


@pytest.mark.parametrize(
    ("vectors", "intent", "message"),
    [
        pytest.param(np.zeros((2, 3, 4)), "none", r"shape \(2, 3, 4\) and intent 'none'", id="image"),
        pytest.param(np.zeros((2, 3, 4, 1, 3)), "none", r"and intent 'none'; write it with ITK", id="no-intent"),
        pytest.param(np.zeros((2, 3, 4, 1, 2)), "vector", r"shape \(2, 3, 4, 1, 2\)", id="plane"),
        pytest.param(np.full((2, 3, 4, 1, 3), np.nan), "vector", "u.nii.gz holds no finite vector", id="nothing-known"),
    ],
)
def test_other_files_are_refused(tmp_path, vectors, intent, message):
    with pytest.raises(ValueError, match=message):
        read_displacement(write(tmp_path / "u.nii.gz", vectors, intent))
