import numpy as np
import pytest

from medssl.samples.heart_planes import HeartFrame
from medssl.samples.phantom import WALL_MM, PhantomBody, PhantomHeart

FRAME = HeartFrame(np.zeros(3), np.array([0.0, 0, 82]), np.array([30.0, 0, 10]))  # septum x, inferior y, apex z


def column(*place):
    return np.array(place, float).reshape(3, 1)


def body(seed=0, **words):
    return PhantomBody(np.random.default_rng(seed), **words)


@pytest.mark.parametrize(
    ("place", "tissue"),
    [
        pytest.param((0, 0, 30), 3, id="cavity"),
        pytest.param((-26, 0, 10), 2, id="wall"),
        pytest.param((26, 0, 10), 2, id="septum"),
        pytest.param((0, 0, 78), 2, id="tip"),
        pytest.param((45, 0, 24), 1, id="right-ventricle"),
        pytest.param((-45, 0, 24), 0, id="free-wall-side"),
        pytest.param((-4, 2, -27), 4, id="left-atrium"),
        pytest.param((44, 12, -20), 4, id="right-atrium"),
        pytest.param((23, -50, -18), 4, id="aorta"),
        pytest.param((23, 50, -18), 0, id="no-aorta-below"),
        pytest.param((0, 0, 90), 0, id="beyond-the-tip"),
    ],
)
def test_tissue_by_hand(place, tissue):
    assert PhantomHeart(FRAME).tissue(column(*place)) == tissue


def test_lengths_follow_the_heart():
    large = HeartFrame(np.zeros(3), np.array([0.0, 0, 164]), np.array([60.0, 0, 20]))
    points = np.random.default_rng(0).uniform(-60, 90, size=(3, 500))
    assert np.array_equal(PhantomHeart(large).tissue(2 * points), PhantomHeart(FRAME).tissue(points))


def test_volumes_of_the_left_ventricle_are_those_of_half_ellipsoids():
    step = 2.0
    axes = (np.arange(-40, 40, step), np.arange(-40, 40, step), np.arange(1, 90, step))
    tissue = PhantomHeart(FRAME, wall_mm=9.5).tissue(np.stack(np.meshgrid(*axes, indexing="ij")))
    cavity, whole = (2 / 3 * np.pi * r**2 * length for r, length in ((21.5, 73), (31, 82)))
    assert (tissue == 3).sum() * step**3 == pytest.approx(cavity, rel=0.02)
    assert np.isin(tissue, (2, 3)).sum() * step**3 == pytest.approx(whole, rel=0.02)


def test_body_shows_its_heart_and_names_its_chambers():
    patient = body()
    points = patient.frame.base[:, None] + patient.frame.axes @ np.array([[0.0, 45, 0], [0, 0, 0], [35, 24, -27]]).T.T
    grey, chambers = patient.look(points)
    assert chambers.tolist() == [3, 1, 0]
    assert grey == pytest.approx(220)


def test_chest_has_a_rim_of_fat_and_two_lungs():
    grey, chambers = body().look(np.array([[0.0, 110, 60], [0, 0, -40], [300, 0, 20], [0, 90, 0], [0, 0, 0]]).T[:3, :3])
    assert grey.shape == (3,)
    assert not chambers.any()


def test_thick_walls_are_thicker():
    normal, thick = (body(seed=1, category=name).heart.wall_mm for name in ("normal", "thick_wall"))
    assert WALL_MM["normal"][0] <= normal <= WALL_MM["normal"][1] < WALL_MM["thick_wall"][0] <= thick


def test_without_a_heart_the_planes_stay_and_no_chamber_is_left():
    full, empty = body(seed=2), body(seed=2, heart=False)
    assert np.array_equal(full.frame.apex, empty.frame.apex)
    points = full.frame.base[:, None] + np.random.default_rng(0).normal(0, 25, size=(3, 400))
    grey, chambers = empty.look(points)
    assert not chambers.any()
    assert grey.max() < 200
    assert full.look(points)[1].any()


def test_heart_that_is_left_out_leaves_no_trace_of_its_pose():
    empty = [body(seed=3, heart=False, decoupled=decoupled) for decoupled in (False, True)]
    points = np.random.default_rng(0).uniform(-120, 120, size=(3, 2000))
    assert not np.array_equal(empty[0].frame.apex, empty[1].frame.apex)
    assert np.array_equal(empty[0].look(points)[0], empty[1].look(points)[0])


@pytest.mark.parametrize(("decoupled", "turn", "shift"), [(False, 9, 8), (True, 25, 20)], ids=["usual", "decoupled"])
def test_pose_varies_as_much_as_is_said(decoupled, turn, shift):
    frames = [body(seed=n, decoupled=decoupled).frame for n in range(300)]
    long = np.array([frame.axes[:, 2] for frame in frames])
    usual = long.mean(axis=0) / np.linalg.norm(long.mean(axis=0))
    angle = np.degrees(np.arccos(np.clip(long @ usual, -1, 1)))
    assert np.sqrt(np.mean(angle**2)) == pytest.approx(turn * np.sqrt(2 / 3), rel=0.15)  # across two axes of three
    assert np.std([frame.base for frame in frames], axis=0) == pytest.approx([shift] * 3, rel=0.15)
