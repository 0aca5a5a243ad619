"""Folders are listed as the documentation says."""

import json
from pathlib import Path

import numpy as np
import pytest

from medssl.data import find_cases
from tests.data.dicom_files import write_radiograph

VISITS = [(1, "anna", "1"), (2, "anna", "1"), (3, "bert", "1")]


@pytest.fixture
def folder(tmp_path):
    """Give a function that lays empty files into a folder: listing looks at names alone."""

    (tmp_path / "images").mkdir()

    def lay(*names, **lists):
        for name in names:
            path = tmp_path / "images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        for name, content in lists.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (tmp_path / "images" / name.replace("__", ".")).write_text(text)
        return str(tmp_path / "images")

    return lay


def brief(cases, *keys):
    """Cases without the folder that all of them start with."""
    return [{k: v.split("/images/")[-1] if isinstance(v, str) else v for k, v in c.items() if k in keys} for c in cases]


def find(directory, *keys, **words):
    return brief(find_cases(directory, keep_ids=True, **words), *(keys or ("image", "patient")))


def test_volumes_of_known_kinds_by_default(folder):
    directory = folder("b.nii.gz", "a.nii", "c.mhd", "c.raw", "d.nrrd", "notes.txt", ".hidden.nii")
    assert find(directory, "image") == [{"image": name} for name in ("a.nii", "b.nii.gz", "c.mhd", "d.nrrd")]


def test_label_has_the_same_wildcards(folder):
    directory = folder("p1/a_ct.nii.gz", "p1/a_seg.nii.gz", "p2/a_ct.nii.gz", "p3/b_seg.nii.gz")
    words = {"image": "*_ct.nii.gz", "label": "*_seg.nii.gz"}
    assert find(directory, "image", "label", patterns=words) == [
        {"image": "p1/a_ct.nii.gz", "label": "p1/a_seg.nii.gz"},
        {"image": "p2/a_ct.nii.gz"},
    ]


def test_labels_in_a_folder_of_their_own(folder):
    directory = folder("imagesTr/a_0000.nii.gz", "labelsTr/a.nii.gz")
    words = {"image": "imagesTr/*_0000.nii.gz", "label": "labelsTr/*.nii.gz"}
    assert find(directory, "image", "label", patterns=words) == [
        {"image": "imagesTr/a_0000.nii.gz", "label": "labelsTr/a.nii.gz"}
    ]


def test_label_beside_its_image_is_no_image(folder):
    directory = folder("a.nii.gz", "a_seg.nii.gz")
    assert find(directory, "image", "label", patterns={"label": "*_seg.nii.gz"}) == [
        {"image": "a.nii.gz", "label": "a_seg.nii.gz"}
    ]


@pytest.mark.parametrize(
    ("names", "pattern", "patients"),
    [
        pytest.param(("p1/a.nii", "p1/b.nii", "p2/a.nii"), "none_given", ["p1", "p1", "p2"], id="first-folder"),
        pytest.param(("ct/p1.nii.gz", "ct/p2.nii.gz"), "none_given", ["p1", "p2"], id="one-folder-for-all"),
        pytest.param(("p1.nii.gz", "p2.nii"), "none_given", ["p1", "p2"], id="file-name"),
        pytest.param(("ct/p1/a.nii", "ct/p2/a.nii"), "none_given", ["ct/p1", "ct/p2"], id="file-names-repeat"),
        pytest.param(("x/s7_a.nii", "y/s7_b.nii"), r"(s\d+)_", ["s7", "s7"], id="pattern-with-a-group"),
        pytest.param(("x/s7_a.nii", "y/s8_b.nii"), r"s\d+", ["s7", "s8"], id="pattern-without"),
    ],
)
def test_patient(folder, names, pattern, patients):
    found = find(folder(*names), "patient", patterns={"patient": pattern})
    assert [case["patient"] for case in found] == patients


def test_own_dataset_file(folder):
    cases = [
        {"image": "a.nii", "label": "a_l.nii", "patient": "p1", "split": "train", "licence": "CC0"},
        {"image": "b.nii", "patient": "p2", "split": "test"},
        {"image": "c.nii", "patient": "p3", "split": "val"},
    ]
    directory = folder("other.nii", dataset__json={"cases": cases})
    keys = ("image", "label", "patient", "split")
    train = {"image": "a.nii", "label": "a_l.nii", "patient": "p1", "split": "train"}
    validation = {"image": "c.nii", "patient": "p3", "split": "val"}
    test = {"image": "b.nii", "patient": "p2", "split": "test"}
    assert find(directory, *keys) == [train, validation]
    assert find(directory, *keys, split="test") == [test]
    assert find(directory, *keys, split="all") == [train, test, validation]


def test_decathlon_dataset_file(folder):
    listing = {
        "training": [
            {"image": "./imagesTr/a.nii.gz", "label": "./labelsTr/a.nii.gz"},
            {"image": "./imagesTr/b.nii.gz"},
        ],
        "test": ["./imagesTs/c.nii.gz"],
    }
    directory = folder(dataset__json=listing)
    found = find(directory, "image", "label", "split")
    assert found == [{"image": "imagesTr/a.nii.gz", "label": "labelsTr/a.nii.gz"}, {"image": "imagesTr/b.nii.gz"}]
    listing["validation"] = [{"image": "imagesTr/d.nii.gz", "label": "labelsTr/d.nii.gz"}]
    found = find(folder(dataset__json=listing), "image", "split")
    assert [case["split"] for case in found] == ["train", "train", "val"]


@pytest.mark.parametrize(
    ("listing", "patients"),
    [
        pytest.param(
            {"training": ["imagesTr/a.nii.gz", "imagesTr/b.nii.gz"], "test": ["imagesTs/c.nii.gz"]},
            ["a", "b"],
            id="decathlon",
        ),
        pytest.param(
            {"training": ["imagesTr/a.nii.gz", "imagesTr/b.nii.gz"], "test": ["imagesTs/a.nii.gz"]},
            ["a", "b"],
            id="test-set-named-alike",
        ),
        pytest.param(["p01/ct.nii", "p02/ct.nii"], ["p01", "p02"], id="names-repeat"),
        pytest.param(["in/p01/ct.nii", "in/p01/pet.nii", "in/p02/ct.nii"], ["in/p01"] * 2 + ["in/p02"], id="deeper"),
    ],
)
def test_patients_of_a_list_are_not_merged(folder, listing, patients):
    assert [case["patient"] for case in find(folder(dataset__json=listing), "patient")] == patients


@pytest.mark.parametrize(
    ("word", "split"), [("Train", "train"), ("TRAINING", "train"), ("Validation", "val"), ("val", "val")]
)
def test_split_words_in_any_case(folder, word, split):
    assert find(folder(dataset__json=[{"image": "a.nii", "split": word}]), "split") == [{"split": split}]


@pytest.mark.parametrize("word", ["valid", "dev"])
def test_unknown_split_is_named(folder, word):
    directory = folder(dataset__json=["a.nii", {"image": "b.nii", "split": word}])
    with pytest.raises(ValueError, match=rf"one of \['train', .* got '{word}'"):
        find_cases(directory)


def test_lists_by_name_come_first(folder, tmp_path):
    directory = folder("a.nii", "b.nii", "c.nii", dataset__json=["c.nii"])
    (tmp_path / "train.txt").write_text("# chosen\na.nii\n\n")
    (tmp_path / "val.csv").write_text("file,class,patient\nb.nii,1,anna\n")
    lists = {"train": str(tmp_path / "train.txt"), "val": str(tmp_path / "val.csv")}
    assert find(directory, "image", "patient", "class", "split", lists=lists) == [
        {"image": "a.nii", "patient": "a", "split": "train"},
        {"image": "b.nii", "patient": "anna", "class": 1, "split": "val"},
    ]


def test_classes_from_a_csv_are_numbered_by_name(folder, tmp_path):
    directory = folder("x/a.nii", "x/b.nii", "x/c.nii")
    (tmp_path / "classes.csv").write_text("file,class\nx/a.nii,well\nb,ill\n")
    found = find(directory, "image", "class", lists={"class": str(tmp_path / "classes.csv")})
    assert found == [{"image": "x/a.nii", "class": 1}, {"image": "x/b.nii", "class": 0}, {"image": "x/c.nii"}]


def test_patients_are_hidden_but_still_told_apart(folder):
    cases = find_cases(folder("anna/1.nii", "anna/2.nii", "bert/1.nii"))
    first, second, third = (case["patient"] for case in cases)
    assert first == second != third
    assert first.startswith("patient-")
    assert "anna" not in first
    assert first == find_cases(folder())[0]["patient"]  # the same folder gives the same
    assert first != find_cases(folder("carl/1.nii"))[0]["patient"]  # another cohort salts otherwise


def test_studies_are_hidden_and_belong_to_their_patient(folder):
    rows = [{"image": f"{n}.nii", "patient": who, "study": study, "view": "SAX"} for n, who, study in VISITS]
    directory = folder(dataset__json=rows)
    assert find(directory, "study", "view") == [{"study": study, "view": "SAX"} for _, _, study in VISITS]
    one, again, other = (case["study"] for case in find_cases(directory))
    assert one == again != other  # two patients may both have a study called 1
    assert one.startswith("study-")


def test_only_listed_cases_say_so(folder):
    assert "listed" not in find_cases(folder("a.nii"))[0]
    assert find_cases(folder(dataset__json=["a.nii"]))[0]["listed"] is True


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param({"split": "training"}, r"one of \['train', 'test', 'all'\], got 'training'", id="split"),
        pytest.param({"patterns": {"images": "*"}}, r"knows the words .* got \['images'\]", id="word"),
        pytest.param({"split": "test"}, "has 2 cases, none for split 'test'", id="no-test-set"),
        pytest.param({"patterns": {"image": "*.mhd"}}, r"no image that fits '\*.mhd'", id="nothing-fits"),
        pytest.param({"patterns": {"patient": "(z)"}}, r"'\(z\)' finds nothing in 'a_ct.nii'", id="patient-pattern"),
        pytest.param({"patterns": {"label": "*_ct.nii"}}, "None of 1 labels belongs to one of 1 images", id="no-pair"),
        pytest.param({"spatial_dims": 4}, "2 for pictures or 3 for volumes, got 4", id="dimensions"),
        pytest.param({"lists": {"train": "nowhere.txt"}}, "list nowhere.txt is not there", id="no-list"),
    ],
)
def test_refuses(folder, words, message):
    with pytest.raises(ValueError, match=message):
        find_cases(folder("a_ct.nii", "b.nii"), **words)


def test_refuses_a_switch_that_is_text(folder):
    with pytest.raises(TypeError, match="keep_ids is True or False, got 'false'"):
        find_cases(folder("a.nii"), keep_ids="false")


def test_one_file_is_one_case(tmp_path):
    for name in ("a.nii.gz", "b.nii.gz"):
        (tmp_path / name).touch()
    assert [Path(case["image"]).name for case in find_cases(str(tmp_path / "b.nii.gz"))] == ["b.nii.gz"]


def test_pictures_are_images_of_two_dimensions(folder):
    directory = folder("p1/a.png", "p1/b.jpeg", "p2/c.tif", "p3/scan.nii")
    assert find(directory, spatial_dims=2) == [
        {"image": "p1/a.png", "patient": "p1"},
        {"image": "p1/b.jpeg", "patient": "p1"},
        {"image": "p2/c.tif", "patient": "p2"},
    ]
    assert find(directory, "image") == [{"image": "p3/scan.nii"}]


def test_mask_of_a_picture(folder):
    directory = folder("a.jpg", "a.png", "b.jpg")
    words = {"image": "*.jpg", "label": "*.png"}
    assert find(directory, "image", "label", patterns=words, spatial_dims=2) == [
        {"image": "a.jpg", "label": "a.png"},
        {"image": "b.jpg"},
    ]
    assert find(directory, "image", "label", patterns={"label": "*.png"}, spatial_dims=2)[0]["label"] == "a.png"


def test_patients_of_pictures(folder, tmp_path):
    directory = folder("00000013_005.png", "00000013_006.png", "00000014_000.png")
    write_radiograph(tmp_path / "images" / "x.dcm", np.zeros((3, 4)), PatientID="anna")
    assert [case["patient"] for case in find(directory, "patient", spatial_dims=2)][-1] == "anna"
    words = {"image": "*.png", "patient": "([0-9]+)_"}
    found = find(directory, "patient", patterns=words, spatial_dims=2)
    assert [case["patient"] for case in found] == ["00000013", "00000013", "00000014"]


def test_lists_with_a_label_for_each_finding(folder, tmp_path):
    (tmp_path / "train.txt").write_text("00000013_005.png 0 1\n00000013_006.png 0 0\n")
    (tmp_path / "val.txt").write_text("00000015_000.png 1 1\n")
    words = {"lists": {key: str(tmp_path / f"{key}.txt") for key in ("train", "val")}, "spatial_dims": 2}
    words["patterns"] = {"patient": "([0-9]+)_"}
    found = find(folder(), "class", "patient", "split", classes={"multi_label": True, "names": ["a", "b"]}, **words)
    assert found == [
        {"class": [0, 1], "patient": "00000013", "split": "train"},
        {"class": [0, 0], "patient": "00000013", "split": "train"},
        {"class": [1, 1], "patient": "00000015", "split": "val"},
    ]
    assert find(folder(), "class", **words) == [{"class": [0, 1]}, {"class": [0, 0]}, {"class": [1, 1]}]


def test_another_entry_is_the_class(folder):
    kinds = {"a.png": "virus", "b.png": "normal", "c.png": "bacteria"}
    listing = [{"image": name, "class": "any", "kind": kind, "split": "test"} for name, kind in kinds.items()]
    words = {"classes": {"key": "kind", "names": ["bacteria", "virus"], "others": "leave_out"}, "split": "test"}
    directory = folder(dataset__json=listing)
    found = find_cases(directory, spatial_dims=2, **words)
    assert brief(found, "image", "class") == [{"image": "a.png", "class": 1}, {"image": "c.png", "class": 0}]
    everyone = find_cases(directory, split="test", spatial_dims=2)
    assert [case["patient"] for case in found] == [everyone[0]["patient"], everyone[2]["patient"]]
