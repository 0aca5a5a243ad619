"""Picture files give grey values, or say why not."""

import numpy as np
import pytest
from PIL import Image

from medssl.data.picture_files import read_picture

GREY = np.random.default_rng(0).integers(0, 256, (5, 7), dtype=np.uint8)  # five rows of seven columns
DEEP = np.arange(35, dtype=np.uint16).reshape(5, 7) * 1800


def opaque(grey):
    return Image.merge("LA", [grey, Image.new("L", grey.size, 255)])


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda grey: grey, id="grey"),
        pytest.param(lambda grey: grey.convert("RGB"), id="three-equal-channels"),
        pytest.param(lambda grey: grey.convert("RGBA"), id="and-an-opaque-one"),
        pytest.param(opaque, id="grey-and-opaque"),
    ],
)
def test_first_axis_runs_from_left_to_right(tmp_path, suffix, change):
    change(Image.fromarray(GREY)).save(tmp_path / f"a{suffix}")
    values = read_picture(tmp_path / f"a{suffix}")
    assert values.dtype == np.uint8
    assert np.array_equal(values, GREY.T)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_stay(tmp_path, name):
    Image.fromarray(DEEP).save(tmp_path / name)
    values = read_picture(tmp_path / name)
    assert values.dtype.isnative
    assert np.array_equal(values, DEEP.T)


def test_grey_jpeg_in_colour_is_grey(tmp_path):
    smooth = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.uint8)
    Image.fromarray(smooth).convert("RGB").save(tmp_path / "a.jpg", quality=90)
    assert np.abs(read_picture(tmp_path / "a.jpg").astype(int) - smooth.T).max() <= 8


def test_small_coloured_mark_on_a_film_is_let_pass(tmp_path):
    film = np.repeat(np.full((100, 100, 1), 90, np.uint8), 3, axis=2)
    film[:10, :10] = [255, 255, 0]
    Image.fromarray(film).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png")[50, 50] == 90


def test_palette_of_a_label_map_is_its_numbers(tmp_path):
    labels = Image.fromarray(GREY % 3, mode=None).convert("P")
    labels.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    labels.save(tmp_path / "a.png", transparency=0)
    assert np.array_equal(read_picture(tmp_path / "a.png", labels=True), (GREY % 3).T)
    Image.fromarray(GREY > 99).save(tmp_path / "b.png")
    assert np.array_equal(read_picture(tmp_path / "b.png", labels=True), (GREY > 99).T.astype(np.uint8))
    assert np.array_equal(read_picture(tmp_path / "b.png"), (GREY > 99).T * np.uint8(255))


def transparent(path):
    picture = Image.fromarray(GREY).convert("RGBA")
    picture.putalpha(200)
    picture.save(path)


def two_pages(path):
    Image.fromarray(GREY).save(path, format="TIFF", save_all=True, append_images=[Image.fromarray(GREY)])


@pytest.mark.parametrize(
    ("write", "message"),
    [
        pytest.param(
            lambda path: Image.new("RGB", (4, 4), (250, 150, 50)).save(path),
            r"a.png is a colour picture \(its channels differ by 200 of 255 on average\); remove it",
            id="colour",
        ),
        pytest.param(transparent, "a.png is transparent in places", id="transparent"),
        pytest.param(two_pages, "a.png holds 2 pictures where one is needed", id="two-pages"),
    ],
)
def test_refuses(tmp_path, write, message):
    write(tmp_path / "a.png")
    with pytest.raises(ValueError, match=message):
        read_picture(tmp_path / "a.png")
