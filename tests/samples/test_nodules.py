import numpy as np
import pytest

from medssl.samples import ORGANS, Scan, chest_ct, virtual_patient
from medssl.samples.nodules import draw_nodule, soft_ball

CT = chest_ct().resampled(4.0)
LUNGS = ORGANS.index("lungs") + 1


def test_ball_by_hand():
    ball = soft_ball((9, 9, 9), np.array([4, 4, 4]), radius=2.0, edge=2.0)
    assert ball[4, 4, 4:].tolist() == [1, 1, 0.5, 0, 0]
    assert ball.sum() == pytest.approx(4 / 3 * np.pi * 8, rel=0.3)
    assert np.array_equal(ball, ball.transpose(2, 0, 1))


@pytest.mark.parametrize("seed", range(6))
def test_nodule_lies_in_a_lung_with_nothing_before_or_behind(seed):
    share = draw_nodule(CT, generator=np.random.default_rng(seed))
    places = np.argwhere(share > 0.5)
    assert CT.label[tuple(places.mean(axis=0).round().astype(int))] == LUNGS
    assert (CT.label[share > 0.5] == LUNGS).mean() > 0.6
    others = ((CT.label > 0) & (CT.label != LUNGS)).any(axis=1)
    assert not others[places[:, 0], places[:, 2]].any()


def test_diameters_are_those_that_the_docstring_says():
    volumes = [draw_nodule(CT, generator=np.random.default_rng(seed)).sum() * 4.0**3 for seed in range(20)]
    diameters = 2 * (np.array(volumes) * 3 / 4 / np.pi) ** (1 / 3)
    assert 17 < diameters.min() < 21
    assert 27 < diameters.max() < 31


def test_places_differ_and_repeat():
    one, same, other = (draw_nodule(CT, generator=np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one > 0.5, other > 0.5)


def test_virtual_patient_has_a_place():
    patient = virtual_patient((5, 1), spacing=4.0)
    assert draw_nodule(patient, generator=np.random.default_rng(0)).max() == 1


def test_lungs_without_a_place_are_refused():
    label = np.where(CT.label == LUNGS, 0, CT.label)
    label[40:44, 30:34, 40:44] = LUNGS
    scan = Scan(CT.image, label, CT.affine)
    with pytest.raises(ValueError, match="none among 64 voxels with label 1; simulate without a nodule"):
        draw_nodule(scan, generator=np.random.default_rng(0))
