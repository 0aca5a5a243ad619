"""Files that are there whole or not at all."""

import errno

import pytest

from medssl.data import replacing, write_whole


def test_the_new_file_takes_the_old_ones_place_and_folders_are_made(tmp_path):
    path = write_whole(tmp_path / "deep" / "a.txt", b"old")
    with replacing(path) as draft:
        draft.write_bytes(b"new")
        assert path.read_bytes() == b"old"
        assert draft.suffix == path.suffix
    assert path.read_bytes() == b"new"
    assert [found.name for found in path.parent.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(("number", "message"), [(errno.ENOSPC, "free some space"), (errno.EACCES, "no entry")])
def test_after_an_error_the_old_file_is_there_and_nothing_else(tmp_path, number, message):
    path = write_whole(tmp_path / "a.txt", b"old")

    def fail():
        with replacing(path) as draft:
            draft.write_bytes(b"ne")
            raise OSError(number, "no entry")

    with pytest.raises(OSError, match=message):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
