"""A survey trusts right geometry, and names what is wrong."""

import csv
import logging
from dataclasses import replace
from functools import cache

import nibabel as nib
import numpy as np
import pytest

from medssl.data import find_cases, load_studies, stored_studies, write_json
from medssl.engines import survey_studies
from tests.data.plane_studies import heart, study_of

PAIRS, DIRECTIONS = {"SAX": ["2CH", "4CH"]}, {"SAX": [1, -1, -1]}
LPS = np.diag([-1.0, -1, 1, 1])


def survey(studies, folder, **words):
    return survey_studies(studies, studies_dir=str(folder), output_dir=str(folder), **({"pairs": PAIRS} | words))


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def bad_images():
    images = heart()
    flipped = images[-1].affine.clone()
    flipped[:3, 3] += (images[-1].values.shape[1] - 1) * flipped[:3, 1]
    flipped[:3, 1] *= -1
    return [*images[:-1], replace(images[-1], affine=flipped)]


def test_a_good_study_is_listed_tabled_and_drawn(tmp_path):
    study = study_of(heart(), tmp_path)
    summary = survey([study], tmp_path, facts={"data_hash": "abc"})
    assert summary == {"studies": 1, "with_warnings": 0, "correlation": pytest.approx(1, abs=0.01), "warnings": {}}
    assert load_studies(str(tmp_path), "abc")["studies"] == [study]
    (row,) = rows(tmp_path / "studies.csv")
    assert (row["views"], row["planes"], row["crossings"]) == ("5 SAX, 1 2CH, 1 4CH", "7", "11")
    assert (row["judged_by"], row["warnings"]) == ("grey values", "")
    assert (tmp_path / "pictures" / "study-1.png").read_bytes()[:4] == b"\x89PNG"


def test_every_pair_of_planes_has_a_row(tmp_path):
    images = heart()
    away = images[5].affine.clone()
    away[:3, 3] += 200
    survey([study_of([*images[:2], replace(images[5], affine=away), images[6]], tmp_path)], tmp_path)
    found = {(row["first"], row["second"]): row for row in rows(tmp_path / "survey.csv")}
    assert len(found) == 5
    assert [found["SAX 2", "4CH"][name] for name in ("study", "status", "angle_deg")] == [
        "study-1",
        "intersects",
        "90.0",
    ]
    assert float(found["SAX 2", "4CH"]["correlation"]) > 0.99
    assert (found["SAX 1", "2CH"]["status"], found["SAX 1", "2CH"]["correlation"]) == ("outside", "")
    assert (found["2CH", "4CH"]["status"], found["2CH", "4CH"]["angle_deg"]) == ("apart", "45.0")


def test_a_flipped_plane_is_a_warning_or_an_error(tmp_path, bad_images, caplog):
    good, bad = study_of(heart(), tmp_path), study_of(bad_images, tmp_path / "bad")
    for plane in bad["planes"]:
        plane["file"] = f"bad/{plane['file']}"
    studies = [good, bad | {"study": "upside/down"}]
    with caplog.at_level(logging.INFO, logger="medssl"):
        summary = survey(studies, tmp_path, max_pictures=1)
    assert (summary["with_warnings"], summary["warnings"]) == (1, {"geometry disagrees with the images": 1})
    warning = rows(tmp_path / "studies.csv")[1]["warnings"]
    assert warning.startswith("geometry disagrees with the images: the grey values of 4CH and the planes that cross it")
    assert warning.endswith("with rows in reverse")
    assert f"upside/down: {warning}" in caplog.text
    assert "2 studies, images correlate" in caplog.text
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["upside_down.png"], "drawn first"
    (tmp_path / "studies.json").unlink()
    with pytest.raises(ValueError, match=r"1 of 2 studies have warnings, strict allows none(.|\n)*rows in reverse"):
        survey(studies, tmp_path, strict=True, max_pictures=0)
    assert not (tmp_path / "studies.json").exists()


def test_without_crossing_planes_there_is_no_verdict(tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="medssl"):
        summary = survey([study_of(heart()[:5], tmp_path)], tmp_path, max_pictures=0)
    assert (summary["correlation"], summary["warnings"]) == (None, {"views missing": 1})
    assert "no planes cross" in caplog.text
    assert rows(tmp_path / "survey.csv") == []


def test_studies_without_any_place_are_surveyed(tmp_path):
    study = study_of(heart(), tmp_path, placed=False)
    assert set(survey([study], tmp_path)["warnings"]) == {"no place in space"}
    assert not (tmp_path / "pictures").exists()


@cache
def first_frame(path):
    image = nib.load(path)
    values = np.asarray(image.dataobj)
    return (values[..., 0] if values.ndim == 4 else values), image.affine


def rewritten(folder, names, out, errors):
    """Copies of first frames with their views; errors change images and affines by view."""
    cases = []
    for view, name in names.items():
        values, affine = first_frame(folder / name)
        values, affine = errors.get(view, lambda values, affine: (values, affine))(values, affine.copy())
        nib.Nifti1Image(values, affine).to_filename(out / f"{view}.nii")
        cases.append({"image": f"{view}.nii", "view": view, "patient": "p", "study": "s"})
    write_json(out / "dataset.json", {"cases": cases})
    return stored_studies(find_cases(str(out)), str(out), directions=DIRECTIONS)


def negated(values, affine):
    return values, LPS @ affine


def columns_reversed(values, affine):
    return values[::-1], affine


def rows_reversed(values, affine):
    return values[:, ::-1], affine


def narrow(values, affine):
    """Half the columns, each twice as wide: right, but not square."""
    affine[:3, 3] += affine[:3, 0] / 2
    affine[:3, 0] *= 2
    return (values[0::2].astype(np.int32) + values[1::2]).astype(np.int16) // 2, affine


def spacings_exchanged(values, affine):
    values, affine = narrow(values, affine)
    affine[:3, :2] *= np.array([0.5, 2.0])
    return values, affine


def moved(axis):
    def move(values, affine):
        way = affine[:3, axis] / np.linalg.norm(affine[:3, axis])
        affine[:3, 3] += 30 * way
        return values, affine

    return move


HEART = {"SAX": "sax_img.nii.gz", "2CH": "lax_2ch_img.nii.gz", "4CH": "lax_4ch_img.nii.gz"}
SPINE = {"T1": "t1w.nii.gz", "T2": "t2.nii.gz", "T2S": "t2s_uncropped.nii.gz"}


@pytest.mark.parametrize(
    "errors", [pytest.param({}, id="untouched"), pytest.param({"2CH": narrow, "SAX": narrow}, id="not-square")]
)
def test_a_real_exam_is_trusted(shared, tmp_path, errors):
    studies = rewritten(shared("data/cmr/bivme_patient1"), HEART, tmp_path, errors)
    summary = survey(studies, tmp_path, directions=DIRECTIONS, max_pictures=0)
    assert summary["warnings"] == {}
    assert summary["correlation"] > 0.8


@pytest.mark.parametrize(
    ("error", "repair"),
    [
        pytest.param(negated, "x and y negated (LPS read as RAS)", id="lps-read-as-ras"),
        pytest.param(columns_reversed, "columns in reverse", id="flipped"),
        pytest.param(rows_reversed, "rows in reverse", id="flipped-down"),
        pytest.param(spacings_exchanged, "pixel spacings exchanged", id="spacings-exchanged"),
        pytest.param(moved(0), "a move of -30 mm along its columns", id="moved-along"),
        pytest.param(moved(1), "a move of -30 mm along its rows", id="moved-down"),
        pytest.param(moved(2), "30 mm along its normal", id="moved-across"),
    ],
)
@pytest.mark.parametrize("view", ["SAX", "2CH"])
def test_a_spoiled_exam_is_flagged_and_the_error_named(shared, tmp_path, view, error, repair):
    studies = rewritten(shared("data/cmr/bivme_patient1"), HEART, tmp_path, {view: error})
    summary = survey(studies, tmp_path, max_pictures=0)
    assert summary["warnings"] == {"geometry disagrees with the images": 1}
    (row,) = rows(tmp_path / "studies.csv")
    assert f"grey values of {view} and the planes that cross it" in row["warnings"]
    assert row["warnings"].endswith(repair)


def test_a_whole_exam_in_the_wrong_frame_shows_by_its_short_axis(shared, tmp_path):
    """Nothing changes between its planes, so no image can tell."""
    studies = rewritten(shared("data/cmr/bivme_patient1"), HEART, tmp_path, dict.fromkeys(HEART, negated))
    summary = survey(studies, tmp_path, directions=DIRECTIONS, max_pictures=0)
    assert summary["warnings"] == {"unusual direction": 1}


@pytest.mark.parametrize(
    ("view", "error"),
    [
        pytest.param(None, None, id="untouched"),
        *(pytest.param(view, negated, id=f"{view}-lps-read-as-ras") for view in SPINE),
        pytest.param("T2S", rows_reversed, id="flipped-front-to-back"),
        pytest.param("T2", moved(0), id="moved-to-the-front"),
        pytest.param("T2S", moved(0), id="moved-to-the-side"),
    ],
)
def test_a_spine_in_three_contrasts_is_judged_by_its_edges(shared, tmp_path, view, error):
    studies = rewritten(shared("data/spine_mr/sct_errsm30"), SPINE, tmp_path, {view: error} if view else {})
    summary = survey(studies, tmp_path, pairs={"T2S": ["T2"]}, max_pictures=0)
    (row,) = rows(tmp_path / "studies.csv")
    assert row["judged_by"] == "edges"
    assert bool(summary["warnings"]) is (view is not None)
