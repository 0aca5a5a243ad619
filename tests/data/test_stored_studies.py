"""Cases become studies of planes, and the list of them is found again."""

import json
import logging

import nibabel as nib
import numpy as np
import pytest

from medssl.data import find_cases, load_studies, split_cases, stored_studies, write_studies
from tests.data.dicom_files import write_slice

DIRECTIONS = {"SAX": [0, 0, -1]}
VIEWS = {"SAX": "sax|short", "4CH": "4ch"}
VALUES = np.arange(300).reshape(20, 15)


def write_nifti(path, shape=(20, 15, 3), origin=(1, 2, 3)):
    affine = np.diag([1.0, 1, 8, 1])
    affine[:3, 3] = origin
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(np.arange(np.prod(shape), dtype=np.int16).reshape(shape), affine), path)


def write_series(folder, *, uid, places=(0,), **words):
    for number, place in enumerate(places):
        words = {"SeriesInstanceUID": f"1.2.{uid}", "SOPInstanceUID": f"1.2.{uid}.{number}", **words}
        write_slice(folder / f"{uid}_{number}.dcm", VALUES, position=(0, 0, place), **words)


@pytest.fixture
def survey(tmp_path):
    """Give a function that lists the images written to tmp_path / "images" and stores their studies."""

    def make(*, keep_ids=True, **words):
        cases = find_cases(str(tmp_path / "images"), keep_ids=keep_ids)
        return stored_studies(cases, str(tmp_path / "studies"), **{"views": VIEWS, "directions": DIRECTIONS, **words})

    return make


def brief(study, *keys):
    return [tuple(plane[key] for key in keys) for plane in study["planes"]]


def test_a_study_of_one_series_a_slice(survey, tmp_path):
    """The usual export of a cine stack: no file says that the slices belong together, the planes do."""
    for number, place in enumerate((16, 0, 8)):
        write_series(tmp_path / "images", uid=number + 1, places=(place,), SeriesDescription="Short axis cine")
    write_series(tmp_path / "images", uid=9, orientation=(0, 1, 0, 0, 0, -1), SeriesDescription="cine 4CH")
    (study,) = survey()
    assert study["patient"] == "anna"
    expected = [("SAX", 0, 0, 0.0), ("SAX", 0, 1, 0.5), ("SAX", 0, 2, 1.0), ("4CH", 1, 0, None)]
    assert brief(study, "view", "stack", "number", "location") == expected
    assert [affine[2][3] for affine in (plane["affine"] for plane in study["planes"])] == [16, 8, 0, 0]
    assert np.array_equal(np.load(tmp_path / "studies" / study["planes"][0]["file"])[0], VALUES.T)
    json.dumps(study)


def test_listed_views_and_studies_come_first(survey, tmp_path):
    for name in ("a_sax.nii.gz", "b_sax.nii.gz", "c_4ch.nii.gz", "d.nii.gz"):
        write_nifti(tmp_path / "images" / name, (20, 15))
    cases = [
        {"image": "a_sax.nii.gz", "patient": "p", "study": "before", "split": "val"},
        {"image": "b_sax.nii.gz", "patient": "p", "study": "before", "split": "val", "view": "2CH"},
        {"image": "c_4ch.nii.gz", "patient": "p", "study": "after", "split": "val"},
        {"image": "d.nii.gz", "patient": "q", "study": "before", "split": "train"},
    ]
    (tmp_path / "images" / "dataset.json").write_text(json.dumps({"cases": cases}))
    studies = survey()
    named = [(study["patient"], study["study"], study["split"]) for study in studies]
    assert named == [("p", "before", "val"), ("p", "after", "val"), ("q", "before", "train")]
    views = [[view for (view,) in brief(study, "view")] for study in studies]
    assert views == [["SAX", "2CH"], ["4CH"], ["unknown"]]
    assert [len(part) for part in split_cases(studies).values()] == [1, 2]
    hidden = survey(keep_ids=False)
    assert len({study["study"] for study in hidden}) == 3
    assert all(study["study"].startswith("study-") for study in hidden)
    assert [len(study["planes"]) for study in hidden] == [2, 1, 1]


def test_without_a_list_the_files_of_a_patient_are_a_study(survey, tmp_path):
    for patient in ("p", "q"):
        for name in ("sax.nii.gz", "4ch.nii.gz"):
            write_nifti(tmp_path / "images" / patient / name)
    studies = survey()
    assert [study["patient"] for study in studies] == ["p", "q"]
    assert [len(study["planes"]) for study in studies] == [6, 6]
    assert len({study["study"] for study in studies}) == 2


def test_dicom_studies_of_a_patient_stay_apart(survey, tmp_path):
    write_series(tmp_path / "images", uid=1, StudyInstanceUID="1.5", FrameOfReferenceUID="1.51")
    write_series(tmp_path / "images", uid=2, StudyInstanceUID="1.6", FrameOfReferenceUID="1.61")
    studies = survey()
    assert [(study["patient"], len(study["planes"])) for study in studies] == [("anna", 1)] * 2
    assert "1.5" not in json.dumps([study["study"] for study in studies])


def test_patients_in_one_folder_stay_apart(survey, tmp_path):
    write_series(tmp_path / "images", uid=1, PatientID="anna")
    write_series(tmp_path / "images", uid=2, PatientID="otto")
    assert sorted(study["patient"] for study in survey()) == ["anna", "otto"]


def test_other_spaces_are_refused_and_blank_ones_told(survey, tmp_path, caplog):
    write_series(tmp_path / "images" / "1", uid=1, FrameOfReferenceUID="1.51")
    write_series(tmp_path / "images" / "2", uid=2, FrameOfReferenceUID="")
    assert len(survey()) == 1
    assert "not every series names its frame of reference" in caplog.text
    write_series(tmp_path / "images" / "3", uid=3, FrameOfReferenceUID="1.61")
    with pytest.raises(ValueError, match="its 3 series lie in 2 frames of reference, so that nobody knows"):
        survey()


BAD = {
    "no-position": ({"ImagePositionPatient": None}, "has no ImagePositionPatient, so nobody can say where it lies"),
    "no-orientation": ({"ImageOrientationPatient": None}, "has no ImageOrientationPatient"),
    "sheared": ({"ImageOrientationPatient": [1, 0, 0, 0.2, 0.98, 0]}, "rows and columns that meet at 78.47 degrees"),
    "mixed-patients": ({"places": (0, 8), "PatientID": "anna"}, "mixes 2 patients in one series"),
    "frames": ({"NumberOfFrames": 4}, "holds 4 frames and says of none where it lies"),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_named_and_left_out(survey, tmp_path, caplog, words, message):
    write_series(tmp_path / "images" / "a", uid=1, **words)
    if "mixes" in message:
        write_slice(tmp_path / "images" / "a" / "2.dcm", VALUES, SeriesInstanceUID="1.2.1", PatientID="otto")
    write_nifti(tmp_path / "images" / "b" / "sax.nii.gz")
    (study,) = survey()
    assert len(study["planes"]) == 3
    assert message in caplog.text
    assert "left out 1 of 2 cases." in caplog.messages
    with pytest.raises(ValueError, match="1 of 2 cases are bad, strict allows none"):
        survey(strict=True)


def test_label_maps_are_no_images_unless_listed(survey, tmp_path, caplog):
    write_nifti(tmp_path / "images" / "sax.nii.gz")
    write_nifti(tmp_path / "images" / "sax_seg.nii.gz", (2, 2, 3))
    assert [len(study["planes"]) for study in survey()] == [3]
    assert "looks like a label map (12 whole-number values)" in caplog.text
    (tmp_path / "images" / "dataset.json").write_text('["sax.nii.gz", "sax_seg.nii.gz"]')
    assert [len(study["planes"]) for study in survey()] == [3, 3]


def test_lost_geometry_is_told(survey, tmp_path, caplog):
    write_nifti(tmp_path / "images" / "sax.nii.gz", origin=(0, 0, 0))
    (study,) = survey()
    assert brief(study, "location", "placed") == [(0, False), (0.5, False), (1, False)]
    assert "3 of 3 planes have an affine that says nothing of where they lie" in caplog.text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"views": {"SAX": "sax("}}, "views are regular expressions, but .* in 'sax\\('"),
        ({"directions": {"SAX": "up"}}, "The direction of SAX is three numbers"),
        ({"frames": "last"}, "frames is 'all', 'first' or a list"),
    ],
    ids=["views", "directions", "frames"],
)
def test_words_must_be_understood(survey, tmp_path, words, message):
    write_nifti(tmp_path / "images" / "sax.nii.gz")
    with pytest.raises(ValueError, match=message):
        survey(**words)


def test_the_list_is_found_again(survey, tmp_path):
    write_nifti(tmp_path / "images" / "sax.nii.gz")
    studies, folder = survey(), str(tmp_path / "studies")
    with pytest.raises(ValueError, match=r"no list of studies in studies; survey them first:\n.*survey.json"):
        load_studies(folder)
    write_studies(studies, folder, facts={"data_hash": "abc", "frames": "all"})
    page = load_studies(folder, "abc")
    assert (page["studies"], page["frames"]) == (studies, "all")
    assert load_studies(folder) == page
    with pytest.raises(ValueError, match=r"are of other images \(hash abc, these have xyz\); survey them anew:\n.*--d"):
        load_studies(folder, "xyz")
    write_studies(studies[:0], folder, facts={"data_hash": "abc", "frames": "all"})
    assert load_studies(folder)["key"] != page["key"]


def test_real_exam(shared, tmp_path, caplog):
    """Six short-axis slices 17.7 mm apart from base to apex, five long-axis planes, 25 frames each."""
    caplog.set_level(logging.INFO, logger="medssl")
    cases = find_cases(str(shared("data/cmr/bivme_patient1")))
    (study,) = stored_studies(cases, str(tmp_path), directions={"SAX": [1, -1, -1]})
    planes = study["planes"]
    sax = [plane for plane in planes if plane["view"] == "SAX"]
    assert [plane["location"] for plane in sax] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert sax[0]["stack_mm"] == pytest.approx(5 * 17.7, abs=0.01)
    assert [plane["view"] for plane in planes[6:]] == ["2CH", "3CH", "4CH", "2CH_RV", "RVOT"]
    assert {(plane["frames"], plane["placed"]) for plane in planes} == {(25, True)}
    apex, base = (np.array(plane["affine"])[:3, 3] for plane in (sax[-1], sax[0]))
    assert (apex - base)[0] < 0 < (apex - base)[1]  # to the left, to the front
    assert "1 studies with 11 planes: 6 SAX" in caplog.text


def test_files_that_nothing_else_joins_are_of_a_study_if_they_lie_in_one_folder(survey, tmp_path):
    """Two patients of one site must not become each other's guests, though a split keeps the site together."""
    for name in ("a/p1/sax", "a/p1/4ch", "a/p2/sax", "a/p2/4ch", "b/p3/sax", "b/p3/4ch"):
        write_nifti(tmp_path / f"images/{name}.nii.gz")
    studies = survey()
    assert [study["patient"] for study in studies] == ["a", "a", "b"]
    assert [sorted({plane["view"] for plane in study["planes"]}) for study in studies] == [["4CH", "SAX"]] * 3


def test_a_folder_of_single_files_is_warned_of(survey, tmp_path, caplog):
    for name in ("sax", "4ch"):
        write_nifti(tmp_path / f"images/{name}.nii.gz")
    assert len(survey()) == 2
    assert "put each study into a folder of its own" in caplog.text
