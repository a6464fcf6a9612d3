import errno
import os
from pathlib import Path

import pytest

from passerby.errors import OutputError
from passerby.released.partial_file import PartialFile, output_error


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_has_no_name_until_it_is_complete(tmp_path: Path) -> None:
    partial = PartialFile(tmp_path / "out.mp4", overwrite=False)
    partial.path.write_bytes(b"all of it")
    assert names(tmp_path) == [f".out.mp4.partial-{os.getpid()}"]
    partial.commit()
    assert names(tmp_path) == ["out.mp4"]
    assert (tmp_path / "out.mp4").read_bytes() == b"all of it"
    partial.discard()
    assert names(tmp_path) == ["out.mp4"]


def test_what_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    partial = PartialFile(tmp_path / "out.mp4", overwrite=False)
    partial.discard()
    partial.discard()
    assert names(tmp_path) == []


def test_an_existing_file_is_kept_unless_overwriting_is_allowed(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"exists already.*--overwrite"):
        PartialFile(target, overwrite=False)
    partial = PartialFile(target, overwrite=True)
    partial.path.write_bytes(b"new")
    assert target.read_bytes() == b"old"
    partial.commit()
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["out.mp4"]


def test_a_file_that_came_into_being_meanwhile_is_kept(tmp_path: Path) -> None:
    partial = PartialFile(tmp_path / "out.mp4", overwrite=False)
    (tmp_path / "out.mp4").write_bytes(b"somebody else's")
    with pytest.raises(OutputError, match="exists already"):
        partial.commit()
    assert names(tmp_path) == ["out.mp4"]
    assert (tmp_path / "out.mp4").read_bytes() == b"somebody else's"


def test_a_file_system_without_links_works_and_keeps_existing_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    PartialFile(tmp_path / "a.mp4", overwrite=False).commit()
    late = PartialFile(tmp_path / "b.mp4", overwrite=False)
    (tmp_path / "b.mp4").touch()
    with pytest.raises(OutputError, match="exists already"):
        late.commit()
    assert names(tmp_path) == ["a.mp4", "b.mp4"]


def test_two_writers_of_one_name_do_not_disturb_each_other(tmp_path: Path) -> None:
    first, second = PartialFile(tmp_path / "out.mp4", overwrite=True), PartialFile(tmp_path / "out.mp4", overwrite=True)
    first.path.write_bytes(b"first")
    second.path.write_bytes(b"second")
    first.commit()
    assert (tmp_path / "out.mp4").read_bytes() == b"first"
    second.commit()
    assert (tmp_path / "out.mp4").read_bytes() == b"second"


def test_the_longest_name_that_the_file_system_takes_can_be_written(tmp_path: Path) -> None:
    name = "ä" * 125 + ".mp4"
    PartialFile(tmp_path / name, overwrite=False).commit()
    assert names(tmp_path) == [name]


@pytest.mark.parametrize(
    ("name", "message"), [("none/out.mp4", "no folder"), ("file/out.mp4", "no folder"), ("folder", "is a folder"), ("x" * 300, "too long")]
)
def test_places_that_cannot_be_written_are_named(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    before = names(tmp_path)
    with pytest.raises(OutputError, match=message) as caught:
        PartialFile(tmp_path / name, overwrite=True)
    assert caught.value.hint
    assert names(tmp_path) == before


def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="device or a pipe"):
        PartialFile(tmp_path / "pipe", overwrite=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="may not be written"):
        PartialFile(tmp_path / "out.mp4", overwrite=False)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EROFS, "may not be written"),
        (errno.EFBIG, "larger than"),
        (errno.EIO, "Input"),
    ],
)
def test_errors_of_the_system_are_told_in_words(code: int, message: str) -> None:
    error = output_error(Path("/out.mp4"), OSError(code, os.strerror(code)))
    assert message in error.message
    assert error.hint
