"""Bundles that learn from studies of planes: from DICOM, from a real exam, and not without a survey."""

import csv
import shutil
from pathlib import Path

import pytest

from tests.bundles.reading import FOLDERS
from tests.bundles.running import messages, run

SURVEYED = [folder for folder in FOLDERS if (folder / "configs/survey.json").exists()]


@pytest.fixture(scope="module", params=SURVEYED, ids=lambda folder: folder.name)
def fresh(request, tmp_path_factory):
    """Give a copy of the bundle of which nothing has been run."""
    copy = tmp_path_factory.mktemp("studies") / request.param.name
    return shutil.copytree(request.param, copy, ignore=shutil.ignore_patterns("eval"))


def words(where: Path, task: str) -> dict[str, str]:
    """Folders as the configs have them, of which none is there yet."""
    return {"output_dir": str(where / task), "models_dir": str(where), "studies_dir": "$@output_dir + '/../studies'"}


def study_rows(where: Path) -> list[dict[str, str]]:
    with (where / "survey/studies.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_dicom_studies_are_surveyed_and_learnt_from(fresh, tmp_path):
    sample = {"cases#form": "dicom", "cases#directory": str(tmp_path / "sample")}
    run(fresh, "survey+demo", **sample, **words(tmp_path, "survey"))
    rows = study_rows(tmp_path)
    assert len(rows) == 6
    assert all(float(row["correlation"]) > 0.7 for row in rows)
    run(fresh, "pretrain+demo", epochs=1, **sample, **words(tmp_path, "pretrain"))
    assert (tmp_path / "pretrained.pt").exists()


def test_a_real_exam_is_surveyed_and_learnt_from(fresh, shared, tmp_path):
    exam = {"dataset_dir": str(shared("data/cmr/bivme_patient1"))}
    run(fresh, "survey", **exam, **words(tmp_path, "survey"))
    (row,) = study_rows(tmp_path)
    assert float(row["correlation"]) > 0.8
    assert len(list((tmp_path / "survey/pictures").glob("*.png"))) == 1
    run(fresh, "pretrain", epochs=1, val_fraction=0, **exam, **words(tmp_path, "pretrain"))
    assert (tmp_path / "pretrained.pt").exists()


def test_pretraining_without_a_survey_says_what_to_do(fresh, tmp_path):
    with pytest.raises(RuntimeError) as error:
        run(fresh, "pretrain+demo", epochs=1, **words(tmp_path, "pretrain"))
    assert "configs/survey.json" in messages(error.value)
