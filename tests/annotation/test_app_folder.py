"""Folders that MONAI Label starts from."""

import zipfile

import pytest

from medssl.annotation import app_folder, start_command, write_app_folder
from medssl.data import write_whole


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def packed(bundle, *, top="small"):
    archive = bundle.with_name("small_v0.1.0.zip")
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in contents(bundle).items():
            file.writestr(f"{top}/{name}", content)
    return archive


def test_folders_and_archives_give_the_same(bundle, tmp_path):
    archive = packed(bundle)
    assert (
        write_app_folder(tmp_path / "one", [bundle]) == write_app_folder(tmp_path / "two", [str(archive)]) == ["small"]
    )
    one = contents(tmp_path / "one")
    assert one == contents(tmp_path / "two")
    kept = {f"model/small/{name}": file for name, file in contents(bundle).items() if name[:4] in ("conf", "mode")}
    assert {name: file for name, file in one.items() if name != "main.py"} == kept
    assert b"from medssl.annotation.app import AnnotationApp" in one["main.py"]


def test_a_bundle_that_is_there_stays_with_what_was_trained(bundle, tmp_path):
    app = tmp_path / "app"
    write_app_folder(app, [bundle])
    trained = app / "model" / "small" / "models" / "model.pt"
    trained.write_bytes(b"better")
    bundle.rename(tmp_path / "other")
    assert write_app_folder(app, [packed(tmp_path / "other"), tmp_path / "other"]) == ["small", "other"]
    assert trained.read_bytes() == b"better"
    assert (app / "model" / "other" / "models" / "model.pt").read_bytes() == b"fine-tuned"


def test_an_interrupted_copy_is_repeated(bundle, tmp_path, monkeypatch):
    def full(path, content):
        if path.name == "model.pt":
            raise OSError("the disk is full")
        return write_whole(path, content)

    monkeypatch.setattr(app_folder, "write_whole", full)
    with pytest.raises(OSError, match="full"):
        write_app_folder(tmp_path / "app", [bundle])
    assert not (tmp_path / "app" / "model" / "small").exists()
    monkeypatch.undo()
    write_app_folder(tmp_path / "app", [bundle])
    write_app_folder(tmp_path / "whole", [bundle])
    assert contents(tmp_path / "app") == contents(tmp_path / "whole")


def test_another_folder_is_left_alone(bundle, tmp_path):
    (tmp_path / "mine").mkdir()
    write_app_folder(tmp_path / "mine", [bundle])
    (tmp_path / "mine" / "main.py").write_text("mine")
    with pytest.raises(ValueError, match="mine holds other files"):
        write_app_folder(tmp_path / "mine", [bundle])
    assert (tmp_path / "mine" / "main.py").read_text() == "mine"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda bundle: [], "at least one bundle, got none", id="none"),
        pytest.param(lambda bundle: [bundle / "not"], "folder or archive, got .*not: .*No such file", id="absent"),
        pytest.param(lambda bundle: [bundle / "configs" / "train.json"], "File is not a zip file", id="no-zip"),
        pytest.param(lambda bundle: [bundle / "configs"], r"lacks \['configs/metadata.json', ", id="no-bundle"),
        pytest.param(lambda bundle: [packed(bundle, top="a/..")], "lacks", id="path-that-leads-out"),
    ],
)
def test_what_is_no_bundle_leaves_no_folder(bundle, tmp_path, make, message):
    with pytest.raises(ValueError, match=message):
        write_app_folder(tmp_path / "app", make(bundle))
    assert not (tmp_path / "app").exists()


def test_the_command_offers_every_bundle():
    assert start_command("app", ["one", "two"], studies="scans") == (
        "monailabel start_server --app app --studies scans --conf models one,two --conf zoo_source local "
        "--conf sam2 false --conf epistemic_model one --host 127.0.0.1"
    )
