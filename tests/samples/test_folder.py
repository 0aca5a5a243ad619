from medssl.samples import write_samples


def test_folder_says_what_it_holds(tmp_path):
    folder = write_samples(tmp_path / "samples", patients=1)
    assert {path.name for path in folder.iterdir()} == {"LICENSE.md", "README.txt", "dataset.json", "dicom", "images"}
    text = (folder / "README.txt").read_text()
    assert "demonstration and test data" in text
    assert "1 lungs, 2 heart, 3 liver" in text
    licence = (folder / "LICENSE.md").read_text()
    assert "CC BY 3.0" in licence
    assert "10.7937/K9/TCIA.2015.LO9QL9SX" in licence
    assert len(list((folder / "dicom").glob("*.dcm"))) == 166
