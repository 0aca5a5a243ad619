import numpy as np
import pytest
from matplotlib.figure import Figure

from medssl.figures import draw_overlay
from medssl.figures.overlay import busiest_slice, paint

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
IMAGE = np.full((10, 8, 6), -1000)
LABEL = np.zeros(IMAGE.shape, np.uint8)
LABEL[8, 1, 5] = 1  # left, front, head


@pytest.fixture
def drawn(monkeypatch):
    """Axes of the pictures, by row and column, instead of files."""
    kept = []
    monkeypatch.setattr("medssl.figures.overlay.write_figure", lambda figure, path: kept.append(figure))
    return kept


def mark(figure: Figure, column: int) -> tuple[float, float]:
    """Where the label of the lower row stands on the screen: right and up, in [0, 1]."""
    axes = figure.axes[3 + column]
    (down, across), *_ = np.argwhere(axes.images[1].get_array()[..., 3] > 0)
    figure.canvas.draw()
    return tuple(axes.transAxes.inverted().transform(axes.transData.transform((across, down))))


@pytest.mark.parametrize(
    ("image", "label", "affine"),
    [
        pytest.param(IMAGE, LABEL, None, id="lps"),
        pytest.param(IMAGE[::-1, ::-1], LABEL[::-1, ::-1], np.diag([1.0, 1, 1, 1]), id="ras"),
        pytest.param(IMAGE.transpose(2, 0, 1), LABEL.transpose(2, 0, 1), LPS[:, [2, 0, 1, 3]], id="permuted"),
    ],
)
def test_left_is_right_front_is_up_and_head_is_up(drawn, image, label, affine):
    draw_overlay(image, {"truth": label}, path="unused.png", names=["x"], affine=affine)
    (axial, coronal, sagittal) = (mark(drawn[0], column) for column in range(3))
    assert axial[0] > 0.6
    assert axial[1] > 0.6
    assert coronal[0] > 0.6
    assert coronal[1] > 0.6
    assert sagittal[0] < 0.4
    assert sagittal[1] > 0.6


def test_thick_slices_look_thick(drawn):
    draw_overlay(IMAGE, {"truth": LABEL}, path="unused.png", names=["x"], affine=LPS @ np.diag([1, 1, 5, 1]))
    drawn[0].canvas.draw()
    box = drawn[0].axes[1].get_window_extent()  # coronal: 10 voxels of 1 mm wide, 6 of 5 mm high
    assert box.height / box.width == pytest.approx(3, rel=0.02)


def test_slice_with_most_organs_is_shown():
    label = np.zeros((4, 4, 5), int)
    label[:, :, 1] = 1
    label[0, 0, 3], label[1, 1, 3] = 1, 2
    assert busiest_slice(label, 2) == 3


def test_background_stays_clear():
    colours = paint(np.array([0, 1, 2]))
    assert colours[:, 3].tolist() == pytest.approx([0, 0.6, 0.6])
    assert not np.array_equal(colours[1], colours[2])


def test_file_is_written(tmp_path):
    path = draw_overlay(IMAGE, {"truth": LABEL, "prediction": LABEL}, path=tmp_path / "a" / "o.png", names=["x"])
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("labels", [{}, {"truth": LABEL[1:]}], ids=["none", "other-shape"])
def test_masks_of_the_image_shape_are_needed(tmp_path, labels):
    with pytest.raises(ValueError, match=r"masks of the image's shape \(10, 8, 6\)"):
        draw_overlay(IMAGE, labels, path=tmp_path / "o.png", names=["x"])
