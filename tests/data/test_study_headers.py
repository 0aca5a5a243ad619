"""What headers say of a frame, and which frames are of one plane."""

import numpy as np
import pydicom
import pytest

from medssl.data.study_headers import frame_headers, frames_of, gathered, only_one
from tests.data.dicom_files import enhanced, write_slice


@pytest.fixture
def header(tmp_path):
    """Give a function that makes the data set of one file, 4 columns by 3 rows."""

    def make(values=None, **words):
        return pydicom.dcmread(write_slice(tmp_path / "a.dcm", np.zeros((3, 4)) if values is None else values, **words))

    return make


def frames(header, *slices):
    return [frame for number, words in enumerate(slices) for frame in frames_of(header(**words), "a.dcm", file=number)]


def test_place_by_hand(header):
    """Along a row to the back, 2 mm a column; down a column to the feet, 5 mm a row; LPS becomes RAS."""
    words = {"position": (10, 20, 30), "orientation": (0, 1, 0, 0, 0, -1), "spacing": (5, 2), "SliceThickness": 8}
    (frame,) = frames(header, words)
    expected = [[0, 0, 8, -10], [-2, 0, 0, -20], [0, -5, 0, 30], [0, 0, 0, 1]]  # back x feet is right
    assert frame.affine.tolist() == expected
    assert (frame.size, frame.thickness_mm) == ((4, 3), 8)
    assert frame.corners.T.tolist() == [[-10, -20, 30], [-10, -26, 30], [-10, -20, 20]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"position": None}, "has no ImagePositionPatient, so nobody can say", id="position"),
        pytest.param({"orientation": None}, "has no ImageOrientationPatient, so", id="orientation"),
        pytest.param({"position": None, "spacing": None}, "no ImagePositionPatient and no PixelSpacing", id="two"),
        pytest.param({"orientation": (1, 0, 0, 0.2, 0.98, 0)}, "meet at 78.47 degrees, needed are 90", id="sheared"),
        pytest.param({"orientation": (2, 0, 0, 0, 1, 0)}, "directions have the lengths 2 and 1, needed", id="length"),
        pytest.param({"NumberOfFrames": 5}, "holds 5 frames and says of none where it lies; export", id="frames"),
    ],
)
def test_bad_headers_are_refused(header, words, message):
    with pytest.raises(ValueError, match=f"a.dcm {'has ' if message[:2] == 'no' else ''}.*{message}"):
        frames(header, words)


def test_frames_of_one_place_are_sorted_by_time(header):
    words = [{"TriggerTime": time, "InstanceNumber": number} for time, number in [(80, 1), (0, 2), (40, 3)]]
    (plane,) = gathered(frames(header, *words))
    assert [frame.time_ms for frame in plane] == [0, 40, 80]


@pytest.mark.parametrize("times", [(0, 0, 0), (None, 0, 1)], ids=["same", "one-unknown"])
def test_frames_without_times_of_their_own_are_sorted_by_number(header, times):
    numbers = [3, 1, 2]
    words = [{"TriggerTime": time, "InstanceNumber": n} for time, n in zip(times, numbers, strict=True)]
    words = [{key: value for key, value in own.items() if value is not None} for own in words]
    (plane,) = gathered(frames(header, *words))
    assert [frame.pixels[0] for frame in plane] == [1, 2, 0]


def test_temporal_position_comes_before_instance_number(header):
    words = [{"TemporalPositionIdentifier": place, "InstanceNumber": -place} for place in (2, 1)]
    (plane,) = gathered(frames(header, *words))
    assert [frame.pixels[0] for frame in plane] == [1, 0]


@pytest.mark.parametrize(
    ("other", "planes"),
    [
        pytest.param({"position": (0, 0, 0.09)}, 1, id="rounded-position"),
        pytest.param({"position": (0, 0, 0.2)}, 2, id="next-slice"),
        pytest.param({"orientation": (1, 0, 0, 0, 0, 1)}, 2, id="other-direction"),
        pytest.param({"spacing": (1, 1.1)}, 2, id="other-pixels"),
        pytest.param({"values": np.zeros((4, 4))}, 2, id="other-size"),
    ],
)
def test_what_is_one_plane(header, other, planes):
    assert len(gathered(frames(header, {}, other))) == planes


def test_functional_groups_shared_and_of_each_frame(header):
    shared = {"PixelMeasuresSequence": {"PixelSpacing": [2, 1], "SliceThickness": 6}}
    shared |= {"PlaneOrientationSequence": {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}}
    own = [
        {
            "PlanePositionSequence": {"ImagePositionPatient": [0, 0, place]},
            "CardiacSynchronizationSequence": {"NominalCardiacTriggerDelayTime": time},
        }
        for place, time in [(0, 50.0), (9, 0.0), (0, 0.0)]
    ]
    data = header(np.zeros((3, 3, 4)), **enhanced(shared, own), Rows=3, Columns=4)
    assert len(frame_headers(data)) == 3
    first, second = gathered(frames_of(data, "a.dcm", file=7))
    assert [frame.pixels for frame in first] == [(7, 2), (7, 0)]
    assert [frame.time_ms for frame in first] == [0, 50]
    assert second[0].affine.tolist() == [[-1, 0, 0, 0], [0, -2, 0, 0], [0, 0, 6, 9], [0, 0, 0, 1]]


def test_only_one_value():
    assert only_one(["", "a", None, "a "], "patients", name="x") == "a"
    assert only_one(["", None], "patients", name="x") == ""
    with pytest.raises(ValueError, match=r"^x mixes 2 patients in one series; sort its files"):
        only_one(["a", "b"], "patients", name="x")
