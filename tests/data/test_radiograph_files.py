"""Radiographs in DICOM files look as their header wants."""

import warnings

import numpy as np
import pydicom
import pytest
from monai.utils import optional_import
from pydicom.dataset import Dataset
from pydicom.uid import JPEGLosslessSV1

from medssl.data.radiograph_files import read_radiograph
from tests.data.dicom_files import write_radiograph

itk, _ = optional_import("itk")
VALUES = np.array([[0, 1000, 2000], [3000, 4000, 4095]])  # two rows of three columns


def grey(path, values=VALUES, *, window="auto", **header):
    return read_radiograph(write_radiograph(path / "a.dcm", values, **header)).grey(window).T


def linear(values, centre, width):
    """The formula of DICOM PS3.3 C.11.2.1.2.1 with 0 and 1 as lowest and highest."""
    return np.rint(255 * np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1))


@pytest.mark.parametrize("bits", [12, 16])
def test_window_of_the_header(tmp_path, bits):
    found = grey(tmp_path, bits=bits, WindowCenter=2000, WindowWidth=2000)
    assert np.array_equal(found, linear(VALUES, 2000, 2000))


def test_first_of_several_windows(tmp_path):
    found = grey(tmp_path, WindowCenter=[2000, 1], WindowWidth=[2000, 2])
    assert np.array_equal(found, linear(VALUES, 2000, 2000))


def test_window_counts_in_rescaled_values(tmp_path):
    found = grey(tmp_path, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=3000, WindowWidth=4000)
    assert np.array_equal(found, linear(2 * VALUES - 1000, 3000, 4000))
    assert grey(tmp_path, window=[-1000, 7190], RescaleSlope=2, RescaleIntercept=-1000)[1, 2] == 255


def test_sigmoid_window(tmp_path):
    found = grey(tmp_path, WindowCenter=2000, WindowWidth=2000, VOILUTFunction="SIGMOID")
    assert np.allclose(found, 255 / (1 + np.exp(-4 * (VALUES - 2000) / 2000)), atol=0.51)


def test_table_of_the_header(tmp_path):
    table = Dataset()
    table.LUTDescriptor = [4, 1000, 16]
    table.add_new("LUTData", "US", [0, 10000, 20000, 40000])
    values = np.array([[0, 1000, 1001], [1002, 1003, 4000]])
    found = grey(tmp_path, values, VOILUTSequence=[table])
    assert np.array_equal(found, np.rint(np.array([[0, 0, 10000], [20000, 40000, 40000]]) / 40000 * 255))


def test_without_a_window_percentiles(tmp_path):
    values = np.arange(1001).reshape(7, 143)
    assert grey(tmp_path, values).ravel()[[0, 5, 500, 995, 1000]].tolist() == [0, 0, 128, 255, 255]


def test_eight_bits_stay(tmp_path):
    values = np.array([[3, 99], [100, 250]])
    assert np.array_equal(grey(tmp_path, values, bits=8), values)


@pytest.mark.parametrize(
    "header",
    [{"WindowCenter": 2000, "WindowWidth": 2000}, {}, {"bits": 16, "WindowCenter": 9, "WindowWidth": 3}],
    ids=["window", "no-window", "narrow"],
)
def test_high_is_dark_in_monochrome_1(tmp_path, header):
    bright = grey(tmp_path, **header)
    assert np.array_equal(grey(tmp_path, photometric="MONOCHROME1", **header), 255 - bright)
    assert np.array_equal(grey(tmp_path, photometric="MONOCHROME1", window="none", **header), VALUES)


def test_spacing_goes_with_its_axis(tmp_path):
    plane = read_radiograph(write_radiograph(tmp_path / "a.dcm", VALUES, PixelSpacing=[0.2, 0.1]))
    assert plane.values.shape == (3, 2)
    assert np.diag(plane.affine).tolist() == [0.1, 0.2, 1, 1]  # the header has the distance between rows first
    plane = read_radiograph(write_radiograph(tmp_path / "a.dcm", VALUES, ImagerPixelSpacing=[0.3, 0.4]))
    assert np.diag(plane.affine).tolist() == [0.4, 0.3, 1, 1]


def test_grey_in_colours_is_grey(tmp_path):
    values = np.repeat(np.arange(12).reshape(3, 4, 1), 3, axis=2)
    words = {"photometric": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0}
    assert np.array_equal(grey(tmp_path, values, bits=8, **words), values[..., 0])


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_lossless_jpeg_reads_as_uncompressed(tmp_path, photometric):
    values = np.random.default_rng(0).integers(0, 4096, (16, 24))
    header = {"photometric": photometric, "RescaleSlope": 2, "RescaleIntercept": -100}
    plain = write_radiograph(tmp_path / "a.dcm", values, WindowCenter=4000, WindowWidth=4000, **header)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        packing = itk.GDCMImageIO.New(UseCompression=True)
        packing.SetCompressionType(itk.GDCMImageIOEnums.Compression_JPEG)
        image = itk.image_from_array(values.astype(np.uint16))
        itk.imwrite(image, str(tmp_path / "pixels.dcm"), imageio=packing, compression=True)
    packed, pixels = pydicom.dcmread(plain), pydicom.dcmread(tmp_path / "pixels.dcm")
    packed.file_meta.TransferSyntaxUID, packed["PixelData"] = pixels.file_meta.TransferSyntaxUID, pixels["PixelData"]
    packed.save_as(tmp_path / "b.dcm")
    assert packed.file_meta.TransferSyntaxUID == JPEGLosslessSV1
    assert np.array_equal(read_radiograph(tmp_path / "b.dcm").grey(), read_radiograph(plain).grey())


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param({"PixelData": None}, "a.dcm holds no pixels, only a header", id="no-pixels"),
        pytest.param({"NumberOfFrames": 7}, "a.dcm holds 7 frames where one is needed", id="frames"),
        pytest.param({"photometric": "PALETTE COLOR"}, r"a.dcm is a colour picture \(PALETTE COLOR\)", id="palette"),
    ],
)
def test_refuses(tmp_path, header, message):
    with pytest.raises(ValueError, match=message):
        read_radiograph(write_radiograph(tmp_path / "a.dcm", VALUES, **header))


def test_refuses_colours(tmp_path):
    values = np.full((3, 4, 3), [250, 100, 0])
    words = {"photometric": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0, "bits": 8}
    with pytest.raises(ValueError, match=r"a.dcm is a colour picture \(its channels differ by 250"):
        read_radiograph(write_radiograph(tmp_path / "a.dcm", values, **words))
