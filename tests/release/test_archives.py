"""Archives that could do harm, each with the reason for which it is refused; good ones pass."""

import hashlib
import json
import stat
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from medssl.release import archives, verify_archive, write_archive

WEIGHTS = b"weights"
FILES = {
    "small/configs/metadata.json": b'{"version": "1.2.3", "medssl_version": "0.1.0"}',
    "small/models/model.pt": WEIGHTS,
    "small/models/model.json": json.dumps({"sha256": hashlib.sha256(WEIGHTS).hexdigest()}).encode(),
}


def archive_with(path: Path, name: str, content: bytes = b"", kind: int = 0) -> Path:
    """A good archive and one entry more, written as somebody else could."""
    write_archive(path, FILES)
    with ZipFile(path, "a") as archive:
        entry = ZipInfo("a")
        entry.filename = entry.orig_filename = name
        entry.external_attr, entry.create_system = kind << 16, 3
        archive.writestr(entry, content)
    return path


def test_the_same_files_give_the_same_bytes_in_any_order(tmp_path: Path):
    first = write_archive(tmp_path / "a.zip", FILES)
    second = write_archive(tmp_path / "b.zip", dict(reversed(FILES.items())))
    assert first.read_bytes() == second.read_bytes()
    with ZipFile(first) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {stat.S_IFREG | 0o644}
    assert [entry.filename for entry in entries] == sorted(FILES)


def test_facts_of_a_good_archive(tmp_path: Path):
    path = write_archive(tmp_path / "a.zip", FILES)
    assert verify_archive(path) == {
        "name": "small",
        "version": "1.2.3",
        "medssl": "0.1.0",
        "files": 3,
        "bytes": sum(map(len, FILES.values())),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "published": False,
    }


def test_the_sum_is_found_beside_it_or_given_as_file_or_number(tmp_path: Path, caplog):
    path = write_archive(tmp_path / "a.zip", FILES)
    found = verify_archive(path)["sha256"]
    assert "no published sha256 to compare with" in caplog.text
    (tmp_path / "sum.txt").write_text(f"{found}  a.zip\n")
    assert verify_archive(path, sha256=found.upper())["published"]
    assert verify_archive(path, sha256=str(tmp_path / "sum.txt"))["published"]
    (tmp_path / "sum.txt").rename(tmp_path / "a.zip.sha256")
    assert verify_archive(path)["published"]


@pytest.mark.parametrize(
    ("sha256", "reason"),
    [
        pytest.param("0" * 64, "needs sha256 0{64}, got .*do not open it, download it again", id="another"),
        pytest.param("nowhere.txt", "64 hexadecimal digits or a file that holds them, got 'nowhere.txt'", id="no-file"),
    ],
)
def test_another_sum_is_refused(tmp_path: Path, sha256: str, reason: str):
    with pytest.raises(ValueError, match=reason):
        verify_archive(write_archive(tmp_path / "a.zip", FILES), sha256=sha256)


def test_a_page_without_a_sum_is_refused(tmp_path: Path):
    (tmp_path / "a.zip.sha256").write_text("<html>not found</html>")
    with pytest.raises(ValueError, match=r"a\.zip\.sha256 needs one sha256, got 0"):
        verify_archive(write_archive(tmp_path / "a.zip", FILES))


@pytest.mark.parametrize(
    "name",
    [
        "../outside.py",
        "small/../../outside.py",
        "/outside.py",
        "small//outside.py",
        "small/./outside.py",
        "small\\..\\outside.py",
        "C:/outside.py",
        "small/configs/a\nb.json",
        "small/a\x00.py",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match=r"not safe to unpack: .*leads elsewhere.*do not open it"):
        verify_archive(archive_with(tmp_path / "a.zip", name))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR], ids=["link", "pipe", "device"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: int):
    with pytest.raises(ValueError, match="'small/a' is a link or a device, not a file"):
        verify_archive(archive_with(tmp_path / "a.zip", "small/a", b"../outside", kind))


@pytest.mark.parametrize("name", ["small/models/MODEL.pt", "small/configs/Metadata.json"])
def test_a_second_file_of_one_name_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match=f"'{name}' is there twice"):
        verify_archive(archive_with(tmp_path / "a.zip", name))


@pytest.mark.parametrize("name", ["other/a.py", "a.py"])
def test_a_second_folder_or_a_file_at_the_top_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="one folder at the top that holds everything, got"):
        verify_archive(archive_with(tmp_path / "a.zip", name))


def test_folders_may_be_listed_too(tmp_path: Path):
    assert verify_archive(archive_with(tmp_path / "a.zip", "small/docs/", kind=stat.S_IFDIR | 0o755))["files"] == 3


def test_what_unpacks_to_more_than_a_bundle_can_be_is_refused_unread(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1000)
    path = write_archive(tmp_path / "a.zip", FILES)
    with ZipFile(path, "a", ZIP_DEFLATED) as archive:
        archive.writestr("small/bomb", bytes(10_000))
    with pytest.raises(ValueError, match="unpacks to 0 MB, more than 0"):
        verify_archive(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"small/configs/metadata.json": None}, "needs small/configs/metadata.json", id="no-metadata"),
        pytest.param({"small/configs/metadata.json": b"[]"}, "needs words and values, got a list", id="no-words"),
        pytest.param({"small/models/model.json": None}, r"models/model\.json is not there", id="no-page"),
        pytest.param(
            {"small/models/model.pt": b"others"}, r"models/model\.pt needs sha256 .* do not use it", id="weights"
        ),
    ],
)
def test_what_is_no_bundle_is_refused(tmp_path: Path, change: dict, reason: str):
    files = {name: content for name, content in {**FILES, **change}.items() if content is not None}
    with pytest.raises(ValueError, match=reason):
        verify_archive(write_archive(tmp_path / "a.zip", files))


def test_a_cut_off_or_damaged_archive_is_refused(tmp_path: Path):
    content = write_archive(tmp_path / "a.zip", FILES).read_bytes()
    (tmp_path / "cut.zip").write_bytes(content[:-30])
    with pytest.raises(ValueError, match=r"cut\.zip needs to be a whole zip"):
        verify_archive(tmp_path / "cut.zip")
    (tmp_path / "bent.zip").write_bytes(content.replace(WEIGHTS, b"weightz"))
    with pytest.raises(ValueError, match=r"small/models/model\.pt is damaged; download it again"):
        verify_archive(tmp_path / "bent.zip")


def test_no_archive_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match="needs an archive, there is none at"):
        verify_archive(tmp_path / "a.zip")
