import numpy as np
import pytest
from matplotlib.image import imread

from medssl.figures import draw_curves
from medssl.figures.curves import is_baseline, panel_of, spans_decades


@pytest.mark.parametrize(
    "name", ["volume", "val_volume", "train/volume", "val/volume", "train_volume", "val_volume_constant"]
)
def test_training_and_validation_share_a_panel(name):
    assert panel_of(name) == "volume"


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 29], False), ([1, 30], True), ([0, 100], False), ([np.nan, 1, 50], True), ([np.nan], False), ([], False)],
    ids=["near", "far", "zero", "gap", "only-gaps", "empty"],
)
def test_scale_is_logarithmic_when_useful(values, expected):
    assert spans_decades([values]) is expected


def test_one_panel_a_quantity_three_a_row(tmp_path):
    curve = ([1, 2], [0.5, 0.25])
    one = imread(draw_curves({"loss": curve, "val_loss": curve}, path=tmp_path / "1.png", title="run"))
    four = imread(draw_curves(dict.fromkeys("abcd", curve), path=tmp_path / "4.png"))
    assert four.shape[:2] == (2 * one.shape[0], 3 * one.shape[1])


def test_no_curve_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one curve"):
        draw_curves({}, path=tmp_path / "c.png")


def test_a_share_of_the_constant_is_no_baseline():
    assert is_baseline("val_lines_mm_constant")
    assert not is_baseline("val_volume_vs_constant")
    assert panel_of("val_volume_vs_constant") == "volume_vs_constant"
    assert panel_of("val_lines_mm_constant") == "lines_mm"
