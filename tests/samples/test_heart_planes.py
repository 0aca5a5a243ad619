import numpy as np
import pytest

from medssl.samples import heart_planes
from medssl.samples.heart_planes import VIEWS, HeartFrame, HeartView, prescribe

FRAME = HeartFrame(np.array([-10.0, 20, 5]), np.array([-60.0, 55, -35]), np.array([15.0, 50, -5]))


@pytest.fixture
def exact(monkeypatch):
    for name in ("TILT_DEG", "OFF_MM", "TURN_IN_PLANE_DEG", "FIELD_MM"):
        monkeypatch.setattr(heart_planes, name, 0.0)


def draw(view, seed=0):
    return prescribe(FRAME, view, generator=np.random.default_rng(seed))


def pixel(view, place):
    return (np.linalg.inv(view.affine) @ [*place, 1])[:3]


def normal(view):
    direction = np.cross(view.affine[:3, 0], view.affine[:3, 1])
    return direction / np.linalg.norm(direction)


def test_axes_of_a_heart_by_hand():
    frame = HeartFrame(np.zeros(3), np.array([0.0, 0, 80]), np.array([30.0, 0, 10]))
    assert frame.length_mm == 80
    assert frame.axes == pytest.approx(np.eye(3))  # septum along x, apex along z, inferior = apex x septum


def test_points_by_hand():
    affine = np.array([[0.0, 2, 0, 10], [3, 0, 0, 20], [0, 0, 5, 30], [0, 0, 0, 1]])
    points = HeartView("SAX", affine, (4, 3, 2)).points(1)
    assert points.shape == (3, 5, 4, 3)
    assert points[:, 2, 3, 1] == pytest.approx([10 + 2, 20 + 9, 35])  # the middle of slice 1
    assert points[2, :, 0, 0] == pytest.approx([33, 34, 35, 36, 37])  # through its 5 mm


@pytest.mark.parametrize("view", VIEWS)
def test_affine_is_true_to_scale_and_right_handed(view):
    affine = draw(view).affine
    columns = affine[:3, :3]
    assert np.linalg.norm(columns, axis=0) == pytest.approx([1.5, 1.5, 8.0 if view == "SAX" else 6.0])
    assert columns.T @ columns == pytest.approx(np.diag(np.linalg.norm(columns, axis=0) ** 2))
    assert np.linalg.det(columns) > 0


@pytest.mark.usefixtures("exact")
def test_short_axis_stack_goes_from_apex_to_base_with_the_septum_left():
    view = draw("SAX")
    assert abs(normal(view) @ FRAME.axes[:, 2]) == pytest.approx(1)
    apex, base, right = (pixel(view, place) for place in (FRAME.apex, FRAME.base, FRAME.right))
    assert -1 <= apex[2] <= 0
    assert base[2] < view.shape[2] <= base[2] + 4
    assert apex[:2] == pytest.approx([49.5, 49.5])
    assert right[0] < base[0]
    assert right[1] == pytest.approx(base[1])


@pytest.mark.usefixtures("exact")
def test_long_axis_views_contain_apex_and_base():
    for name in ("2CH", "3CH", "4CH"):
        view = draw(name)
        assert [pixel(view, place)[2] for place in (FRAME.apex, FRAME.base)] == pytest.approx([0, 0])
    four, two = draw("4CH"), draw("2CH")
    assert pixel(four, FRAME.right)[2] == pytest.approx(0)
    assert pixel(four, FRAME.apex)[1] < pixel(four, FRAME.base)[1]  # above
    assert pixel(four, FRAME.right)[0] < pixel(four, FRAME.base)[0]
    assert pixel(two, FRAME.apex)[0] < pixel(two, FRAME.base)[0]  # to the left


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize(("view", "turn"), [("2CH", 70), ("3CH", 52)])
def test_views_are_turned_about_the_long_axis(view, turn):
    assert abs(normal(draw(view)) @ normal(draw("4CH"))) == pytest.approx(np.cos(np.radians(turn)))


def test_prescriptions_miss_by_as_much_as_is_said():
    views = [draw("4CH", seed) for seed in range(300)]
    off = [np.degrees(np.arcsin(normal(view) @ FRAME.axes[:, 2])) for view in views]
    assert np.sqrt(np.mean(np.square(off))) == pytest.approx(4 / np.sqrt(3), rel=0.15)  # one axis of three
    middle = (FRAME.base + FRAME.apex) / 2
    away = [6 * pixel(view, middle)[2] for view in views]
    assert np.sqrt(np.mean(np.square(away))) == pytest.approx(3 / np.sqrt(3), rel=0.15)
    shifts = np.array([1.5 * (pixel(view, middle)[:2] - 59.5) for view in views])
    assert shifts.std(axis=0) == pytest.approx([10, 10], rel=0.15)


def test_same_seed_gives_the_same_view():
    assert np.array_equal(draw("SAX").affine, draw("SAX").affine)
    assert not np.array_equal(draw("SAX").affine, draw("SAX", seed=1).affine)
