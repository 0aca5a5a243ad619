import numpy as np
from PIL import Image

from medssl.data import find_cases, read_image, read_plane
from medssl.samples import write_samples


def test_folder_says_what_it_holds(tmp_path):
    folder = write_samples(tmp_path / "samples", patients=1)
    assert {path.name for path in folder.iterdir()} == {
        "LICENSE.md", "README.txt", "dataset.json", "dicom", "hearts", "hearts_dicom", "images", "radiographs",
        "radiographs_dicom",
    }  # fmt: skip
    text = (folder / "README.txt").read_text()
    assert "demonstration and test data" in text
    assert "1 lungs, 2 heart, 3 liver" in text
    licence = (folder / "LICENSE.md").read_text()
    assert "CC BY 3.0" in licence
    assert "10.7937/K9/TCIA.2015.LO9QL9SX" in licence
    assert len(list((folder / "dicom").glob("*.dcm"))) == 166
    cases = find_cases(str(folder / "radiographs"), spatial_dims=2)
    assert [case["class"] for case in cases] == [0, 1]
    films = find_cases(str(folder / "radiographs_dicom"), spatial_dims=2)
    assert len({film["patient"] for film in films}) == 1
    for case, film in zip(cases, films, strict=True):  # the same films
        shown = np.asarray(Image.open(case["image"])).T.astype(int)
        assert np.abs(read_plane(film["image"])[0][0] - shown).max() <= 1
    studies, series = (find_cases(str(folder / name)) for name in ("hearts", "hearts_dicom"))
    assert [case["view"] for case in studies] == [case["view"] for case in series] == ["SAX", "2CH", "4CH"]
    for study, one in zip(studies, series, strict=True):  # the same images
        assert np.array_equal(read_image(study["image"])[0], read_image(one["image"])[0])
