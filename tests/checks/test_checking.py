import json

import pytest

from medssl.checks import check_bundle
from tests.bundles.reading import FOLDERS
from tests.checks.small_bundle import cut_off, write_bundle, write_volume


@pytest.fixture
def folder(tmp_path):
    """Write a bundle with four volumes, one of which was cut off."""
    for number in range(4):
        write_volume(tmp_path / f"bundle/data/p{number}_ct.nii.gz")
    cut_off(tmp_path / "bundle/data/p2_ct.nii.gz")
    return write_bundle(tmp_path / "bundle")


@pytest.mark.parametrize("bundle", FOLDERS, ids=lambda bundle: bundle.name)
def test_our_bundles_have_no_problem(bundle):
    found = check_bundle(bundle)
    assert (found.problems, found.code) == ([], [])
    assert len(found.notes) > 5


def test_a_good_run(folder):
    (folder / "data/p2_ct.nii.gz").unlink()
    found = check_bundle(folder, ["pretrain"], words={"epochs": 2})
    assert (found.problems, found.code) == ([], [])
    assert str(found).splitlines() == [
        "  pretrain: words, references and parts looked at.",
        "  3 images of 3 patients, headers read.",
        "  2 of them train, 1 validate.",
        "no problem found.",
    ]


def test_everything_is_said_at_once_and_once(folder):
    found = check_bundle(folder, ["pretrain"], words={"epoch": 2, "resume": "true", "split#cases": "@case"})
    told = "\n".join(found.problems)
    for part in (
        "did you mean --epochs",
        "--resume 'true'",
        "refers to @case",
        "1 of 4 images cannot be used",
        "p2_ct",
    ):
        assert told.count(part) == 1
    assert str(found).splitlines()[-1] == f"{len(found.problems)} problems found."


def test_foreign_code_is_listed_and_not_run(folder, tmp_path):
    changes = {"device": f"$open('{tmp_path}/seen', 'w') and 'cpu'"}
    found = check_bundle(write_bundle(folder, changes), ["pretrain"])
    assert [text.split(":")[0] for text in found.code] == ["device"]
    assert "code this config would run:\n  device: " in str(found)
    assert "not looked at" in found.notes[-1]
    assert not (tmp_path / "seen").exists()
    check_bundle(folder, ["pretrain"], trust=True)
    assert (tmp_path / "seen").exists()


def test_all_configs_without_a_name_and_no_images(folder):
    write_bundle(folder, train={"bundle_root": ".", "run": ["$@nothing"], "idle": {"_target_": "torch.nn.Conv9d"}})
    found = check_bundle(folder)
    assert [note.split(":")[0] for note in found.notes] == ["pretrain.json", "train.json"]
    assert len(found.problems) == 3


def test_programs_in_the_bundle_are_listed(folder):
    for number in range(7):
        (folder / f"{number}.py").write_text("")
    code = check_bundle(folder).code
    assert code[0] == "0.py: a program inside the bundle"
    assert code[-1] == "and 2 more programs"


@pytest.mark.parametrize(
    ("names", "words", "problem"),
    [
        pytest.param(["absent"], {}, "there is no config 'absent'", id="no-config"),
        pytest.param(["demo"], {}, "do not run alone", id="overlay-alone"),
        pytest.param(["pretrain"], {"dataset_dir": "nowhere"}, "images: dataset_dir should be", id="no-folder"),
        pytest.param(["pretrain"], {"fold": 9, "val_fraction": 3}, "--fold: there is no such word", id="no-word"),
        pytest.param(["pretrain"], {"cases": []}, "--cases []: is empty", id="no-images"),
    ],
)
def test_problems(names, words, problem, folder):
    (folder / "configs/demo.json").write_text(json.dumps({"epochs": 1}))
    assert any(problem in text for text in check_bundle(folder, names, words=words).problems)


def test_samples_are_not_made(folder):
    cases = {"_target_": "medssl.samples.sample_cases", "directory": "$@bundle_root + '/sample'"}
    found = check_bundle(write_bundle(folder, {"cases": cases, "dataset_dir": None, "label_glob": None}), ["pretrain"])
    assert found.problems == []
    assert "samples" in found.notes[-1]
    assert not (folder / "sample").exists()
