"""Lines read from maps, and their errors."""

import math

import pytest
import torch
from ignite.engine import Engine

from medssl.geometry import line_angle_deg, line_distances, line_map, unit_form
from medssl.metrics import LineError, decode_lines

SIZE = (60, 48)
AXES = torch.tensor([[1.5, 0.2], [0, 1.1]], dtype=torch.float64)
SIGMA_MM = 7.56


def form_of(u, v, degrees):
    """A line through a pixel, its normal at an angle in mm."""
    turn = math.radians(degrees)
    a, b = torch.tensor([math.cos(turn), math.sin(turn)], dtype=torch.float64) @ AXES
    return torch.stack([a, b, -(a * u + b * v)])


def draw(form):
    return line_map(form[None], SIZE, sigma_mm=SIGMA_MM)[0]


def middle(degrees):
    return form_of(*((edge - 1) / 2 for edge in SIZE), degrees)


def errors(true, found):
    distances = line_distances(true, found, size=SIZE, axes=AXES)
    return line_angle_deg(true, found, axes=AXES), float(distances.mean())


@pytest.mark.parametrize("degrees", range(0, 180, 15))
def test_ideal_maps_give_their_line(degrees):
    true = middle(degrees)
    found = decode_lines(draw(true)[None, None], AXES[None])[0, 0]
    angle, distance = errors(true, found)
    assert angle < 0.3
    assert distance < 0.3
    torch.testing.assert_close(unit_form(found, AXES).abs(), found.abs())  # measures in mm


def test_noise_changes_little():
    noise = torch.randn(SIZE, generator=torch.Generator().manual_seed(0))
    maps = draw(middle(30)) + 0.1 * noise
    angle, distance = errors(middle(30), decode_lines(maps[None, None], AXES[None])[0, 0])
    assert angle < 1
    assert distance < 1


def test_height_of_the_map_does_not_matter():
    maps = torch.stack([draw(middle(50)), 0.01 * draw(middle(50)) - 1e-9])
    one, other = decode_lines(maps[None], AXES[None])[0]
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-4)


def test_line_by_hand():
    """Two pixels of one row: the line is that row."""
    maps = torch.zeros(1, 1, 5, 4)
    maps[0, 0, [1, 3], 2] = 0.7
    assert decode_lines(maps, torch.eye(2)[None])[0, 0].abs().tolist() == pytest.approx([0, 1, 2])


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan])
def test_a_map_without_a_peak_has_no_line(value):
    assert decode_lines(torch.full((2, 3, *SIZE), value), AXES.expand(2, 2, 2)).isnan().all()


def run(batches, kind):
    engine = Engine(lambda engine, number: batches[number])
    LineError(kind, output_transform=dict).attach(engine, "error")
    return engine.run(range(len(batches)), max_epochs=2).metrics["error"]


def batch(forms, maps):
    """One image, its channels' true forms and maps."""
    return {"maps": torch.stack(maps)[None], "line_forms": torch.stack(forms)[None], "pixel_axes": AXES[None]}


UNKNOWN = torch.full((3,), math.nan, dtype=torch.float64)


@pytest.mark.parametrize(("kind", "place"), [("deg", 0), ("mm", 1)])
def test_mean_over_known_lines_of_all_batches(kind, place):
    first = batch([middle(0), UNKNOWN, middle(90)], [draw(middle(0)), draw(middle(3)), draw(middle(80))])
    second = batch([form_of(30, 20, 40)] * 3, [draw(form_of(33, 20, 40))] * 3)
    found = decode_lines(torch.cat([first["maps"], second["maps"]]), AXES.expand(2, 2, 2))
    one, other = errors(middle(90), found[0, 2])[place], errors(form_of(30, 20, 40), found[1, 0])[place]
    zero = errors(middle(0), found[0, 0])[place]
    assert run([first, second], kind) == pytest.approx((zero + one + 3 * other) / 5)


def test_turned_and_shifted_lines_by_hand():
    assert run([batch([middle(20)], [draw(middle(28))])], "deg") == pytest.approx(8, abs=0.5)
    shifted = form_of((SIZE[0] - 1) / 2 + 4 / 1.5, (SIZE[1] - 1) / 2, 0)
    assert run([batch([middle(0)], [draw(shifted)])], "mm") == pytest.approx(4, abs=0.3)
    assert run([batch([middle(0)], [draw(shifted)])], "deg") < 0.3


def test_no_peak_is_the_worst():
    nothing = batch([middle(10)], [torch.zeros(SIZE)])
    assert run([nothing], "deg") == 90
    assert run([nothing], "mm") == pytest.approx(math.hypot(59 * 1.5 + 47 * 0.2, 47 * 1.1) / 2)


@pytest.mark.parametrize("kind", ["deg", "mm"])
def test_lines_that_miss_the_image_do_not_count(kind):
    assert math.isnan(run([batch([UNKNOWN, form_of(-2, 0, 0)], [draw(middle(0))] * 2)], kind))


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="deg and mm, got 'rad'"):
        LineError("rad", output_transform=dict)
