"""Every kind of file gives the same grey plane, and what is written back lies on it."""

import pickle

import nibabel as nib
import numpy as np
import pytest
from monai.data import PILReader
from monai.transforms import AsDiscreted, Compose, Invertd, LoadImaged, Resized, SaveImaged
from PIL import Image

from medssl.data import PlaneReader, output_name_formatter, read_plane
from tests.data.dicom_files import write_radiograph

GREY = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)  # twenty rows of thirty columns


def write(path, grey=GREY):
    if path.suffix == ".npy":
        np.save(path, grey.T[None])
    elif path.suffix == ".nii":
        nib.Nifti1Image(grey.T[..., None], np.diag([0.5, 0.25, 1, 1])).to_filename(path)
    elif path.suffix in (".dcm", ""):
        write_radiograph(path, grey, bits=8, PixelSpacing=[0.25, 0.5])
    else:
        Image.fromarray(grey).save(path)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.npy", "a.nii", "a.dcm", "radiograph"])
def test_every_kind_reads_the_same(tmp_path, name):
    pixels, affine = read_plane(write(tmp_path / name))
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert np.array_equal(pixels[0], GREY.T)
    assert affine.dtype == np.float64
    measured = name in ("a.nii", "a.dcm", "radiograph")
    assert np.diag(affine).tolist() == ([0.5, 0.25, 1, 1] if measured else [1, 1, 1, 1])


def test_order_of_axes_is_that_of_monai(tmp_path):
    reader, path = PILReader(), write(tmp_path / "a.png")
    assert np.array_equal(read_plane(path)[0][0], reader.get_data(reader.read(path))[0])


@pytest.mark.parametrize(
    ("side", "size"),
    [(0, (30, 20)), (10, (15, 10)), (7, (10, 7)), (20, (30, 20)), (500, (30, 20))],
    ids=["as-it-is", "half", "rounded", "same", "never-enlarged"],
)
def test_shorter_side_is_shrunk(tmp_path, side, size):
    pixels, affine = read_plane(write(tmp_path / "a.nii"), short_side=side)
    assert pixels.shape == (1, *size)
    corner = affine @ [size[0] - 0.5, size[1] - 0.5, 0, 1]  # the outer corner of the last pixel stays where it was
    assert np.allclose(corner, np.diag([0.5, 0.25, 1, 1]) @ [29.5, 19.5, 0, 1])
    assert np.allclose(affine @ [-0.5, -0.5, 0, 1], np.diag([0.5, 0.25, 1, 1]) @ [-0.5, -0.5, 0, 1])


def test_shrinking_averages_over_what_falls_together(tmp_path):
    blocks = np.kron(np.array([[10, 200, 30], [40, 50, 60]], np.uint8), np.full((12, 12), 1, np.uint8))
    shrunk = read_plane(write(tmp_path / "a.png", blocks), short_side=6)[0][0]
    assert shrunk[1::3, 1::3].T.tolist() == [[10, 200, 30], [40, 50, 60]]  # in the middle of each block
    stripes = np.tile(np.array([0, 255], np.uint8), (40, 40))
    assert np.ptp(read_plane(write(tmp_path / "b.png", stripes), short_side=10)[0][:, 1:-1].astype(int)) <= 2


def test_label_maps_keep_their_numbers(tmp_path):
    labels = np.kron(np.array([[0, 7], [300, 2]], np.uint16), np.ones((8, 8), np.uint16))
    Image.fromarray(labels).save(tmp_path / "a.png")
    pixels, _ = read_plane(tmp_path / "a.png", window="none")
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels[0], labels.T)
    shrunk = read_plane(tmp_path / "a.png", window="none", short_side=4)[0][0]
    assert np.array_equal(shrunk, np.kron([[0, 300], [7, 2]], np.ones((2, 2), int)))


def test_a_copy_stays_as_it_is_in_any_window(tmp_path):
    assert np.array_equal(read_plane(write(tmp_path / "a.npy"), window=[500, 900])[0][0], GREY.T)


def there_and_back(path, side):
    """Load a picture as a square, take its bright part, and save that as a mask of the picture; give the mask."""
    load = Compose(
        [
            LoadImaged("image", reader="medssl.data.PlaneReader", short_side=side),
            Resized("image", (64, 64), mode="bilinear"),
        ]
    )
    item = load({"image": str(path)})
    item["pred"] = item["image"].clone()
    save = SaveImaged(
        "pred",
        output_dir=str(path.parent / "out"),
        output_ext=".png",
        output_dtype=np.uint8,
        resample=True,
        writer="PILWriter",
        separate_folder=False,
        print_log=False,
        output_name_formatter=output_name_formatter,
    )
    back = Invertd("pred", load, orig_keys="image", nearest_interp=False)
    Compose([back, AsDiscreted("pred", threshold=120), save])(item)
    return np.asarray(Image.open(path.parent / "out" / "a_trans.png")) > 0


PICTURE = np.full((48, 30), 20, np.uint8)  # taller than wide, bright at the right of the top
PICTURE[4:12, 16:28] = 220


@pytest.mark.parametrize("name", ["a.png", "a.dcm"])
def test_mask_lies_on_the_picture(tmp_path, name):
    assert np.array_equal(there_and_back(write(tmp_path / name, PICTURE), side=0), PICTURE > 120)


def test_mask_of_a_shrunk_picture_has_its_size(tmp_path):
    found = there_and_back(write(tmp_path / "a.png", PICTURE), side=12)
    assert found.shape == PICTURE.shape
    assert found[6:10, 19:25].all()
    assert (found != (PICTURE > 120)).mean() < 0.04  # a pixel of the shrunk picture is two and a half wide


def test_reader_may_be_pickled_and_gives_float_tensors(tmp_path):
    reader = pickle.loads(pickle.dumps(PlaneReader(window=[0, 510])))
    item = LoadImaged("image", reader=reader)({"image": str(write(tmp_path / "a.npy"))})
    assert item["image"].shape == (1, 30, 20)
    assert np.array_equal(item["image"][0].numpy(), GREY.T.astype(np.float32))


def save_nan(path):
    values = np.ones((4, 5), np.float32)
    values[1, 2] = np.nan
    nib.Nifti1Image(values, np.eye(4)).to_filename(path)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        pytest.param(
            "a.nii",
            lambda path: nib.Nifti1Image(np.ones((4, 5, 6)), np.eye(4)).to_filename(path),
            r"a.nii has the shape \[4, 5, 6\] where one plane is needed",
            id="volume",
        ),
        pytest.param("a.nii", save_nan, "a.nii holds 1 values that are NaN or infinite", id="nan"),
        pytest.param(
            "a.npy",
            lambda path: np.save(path, np.ones((4, 5))),
            "a.npy is no grey copy: it holds float64, needed is uint8",
            id="other-array",
        ),
    ],
)
def test_refuses(tmp_path, name, make, message):
    make(tmp_path / name)
    with pytest.raises(ValueError, match=message):
        read_plane(tmp_path / name)


@pytest.mark.parametrize("side", [-1, 2.5, True], ids=str)
def test_refuses_a_side_that_is_none(side):
    with pytest.raises(ValueError, match="short_side is a number of pixels"):
        PlaneReader(short_side=side)


def test_refuses_channels_in_several_files():
    with pytest.raises(ValueError, match="reads one file an image, got 2"):
        PlaneReader().read(["a.png", "b.png"])
