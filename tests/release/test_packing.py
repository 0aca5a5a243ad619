import hashlib
import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from medssl import __version__
from medssl.release import pack_bundle, verify_archive


def test_two_builds_have_the_same_bytes(bundle: Path, tmp_path: Path):
    first = pack_bundle(bundle, tmp_path / "first")
    for path in bundle.rglob("*.json"):
        path.touch()
        path.chmod(0o600)
    second = pack_bundle(bundle, tmp_path / "second")
    assert first.name == second.name == "small_v1.2.3.zip"
    assert first.read_bytes() == second.read_bytes()


def test_an_archive_comes_with_its_sum_and_an_entry(bundle: Path, tmp_path: Path):
    (tmp_path / "model_info.json").write_text('{"other_v0.1.0": {}}')
    path = pack_bundle(bundle, tmp_path, url="https://localhost/v1/")
    content = path.read_bytes()
    page = (tmp_path / "small_v1.2.3.zip.sha256").read_text()
    assert page == f"{hashlib.sha256(content).hexdigest()}  small_v1.2.3.zip\n"
    assert json.loads((tmp_path / "model_info.json").read_text()) == {
        "other_v0.1.0": {},
        "small_v1.2.3": {
            "checksum": hashlib.sha1(content).hexdigest(),
            "source": "https://localhost/v1/small_v1.2.3.zip",
        },
    }
    assert verify_archive(path)["published"]


def test_everything_lies_in_one_folder_the_package_beside_the_configs(bundle: Path, tmp_path: Path):
    with ZipFile(pack_bundle(bundle, tmp_path)) as archive:
        names = archive.namelist()
    assert all(name.startswith("small/") for name in names)
    assert {"small/medssl/__init__.py", "small/configs/train.json", "small/models/model.pt"} <= set(names)
    assert names == sorted(names)


def test_a_hub_gets_a_folder_with_the_same_content(bundle: Path, tmp_path: Path):
    with ZipFile(pack_bundle(bundle, tmp_path)) as archive:
        packed = {name.removeprefix("small/"): archive.read(name) for name in archive.namelist()}
    folder = pack_bundle(bundle, tmp_path, layout="hub")
    laid = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert folder == tmp_path / "small"
    assert {name: laid.pop(name) for name in packed} == packed
    assert laid.keys() == {"README.md", ".gitattributes"}


def test_a_folder_that_is_there_is_left_alone(bundle: Path, tmp_path: Path):
    (tmp_path / "small").mkdir()
    with pytest.raises(ValueError, match=r"needs a folder that is not there yet.*remove it, or name another place"):
        pack_bundle(bundle, tmp_path, layout="hub")


def test_an_unknown_layout_is_refused(bundle: Path, tmp_path: Path):
    with pytest.raises(ValueError, match=r"--layout is one of \['zip', 'hub'\], got 'tar'"):
        pack_bundle(bundle, tmp_path, layout="tar")


def test_nothing_is_written_of_a_bundle_that_is_not_ready(bundle: Path, tmp_path: Path):
    (bundle / "LICENSE").unlink()
    with pytest.raises(ValueError, match="LICENSE is missing"):
        pack_bundle(bundle, tmp_path / "out")
    assert not (tmp_path / "out").exists()


ONE_PROCESS = """
import sys
from monai.bundle import ConfigParser
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)  # as MONAI Label does; the first package that is met stays
    parser = ConfigParser()
    parser.read_config(folder + "/configs/inference.json")
    parser.update({"bundle_root": folder})
    try:
        print("runs:", type(parser.get_parsed_content("network")).__name__, sys.modules["medssl"].__version__)
    except RuntimeError as error:
        print("stops:", error.__cause__.__cause__ or error.__cause__)
"""


def laid_out(bundle: Path, place: Path, version: str) -> Path:
    """A released bundle, as it would be if the package had that version."""
    folder = pack_bundle(bundle, place, layout="hub")
    for path in (folder / "medssl/__init__.py", *folder.glob("configs/*.json")):
        path.write_text(path.read_text().replace(f'"{__version__}"', f'"{version}"'))
    return folder


def test_two_versions_of_the_package_in_one_process_are_an_error(bundle: Path, tmp_path: Path):
    places = {"first": "0.1.7", "alike": "0.1.7", "newer": "0.1.8"}
    folders = [str(laid_out(bundle, tmp_path / name, version)) for name, version in places.items()]
    command = [sys.executable, "-W", "ignore", "-c", ONE_PROCESS, *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    first, alike, newer = (line for line in done.stdout.splitlines() if line.startswith(("runs", "stops")))
    assert first == alike == "runs: ModuleDict 0.1.7"
    assert newer.startswith("stops: this bundle carries medssl 0.1.8, but this process already uses the 0.1.7 that")
    assert newer.endswith("run each in a process of its own, or get releases that carry the same version.")
