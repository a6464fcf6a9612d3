from pathlib import Path

import pytest

from passerby.errors import OutputError
from passerby.simulate.partial_folder import PartialFolder
from tests.support.folders import names_in

MARK = "mark.json"


def fill(folder: PartialFolder, text: str = "new") -> None:
    (folder.path / MARK).write_text(text)


def test_a_folder_has_its_name_only_when_it_is_complete(tmp_path: Path) -> None:
    with PartialFolder(tmp_path / "out", overwrite=False, mark=MARK) as folder:
        fill(folder)
        assert not (tmp_path / "out").exists()
        folder.commit()
    assert names_in(tmp_path) == ["out"]
    assert (tmp_path / "out" / MARK).read_text() == "new"


def test_a_folder_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    with PartialFolder(tmp_path / "out", overwrite=False, mark=MARK) as folder:
        fill(folder)
        assert names_in(tmp_path) != []
    assert names_in(tmp_path) == []


def test_a_folder_that_exists_is_kept(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputError, match="exists already"):
        PartialFolder(tmp_path / "out", overwrite=False, mark=MARK)
    assert names_in(tmp_path) == ["out"]


def test_a_folder_of_this_kind_can_be_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / MARK).write_text("old")
    (tmp_path / "out" / "more").write_text("old")
    with PartialFolder(tmp_path / "out", overwrite=True, mark=MARK) as folder:
        fill(folder)
        assert (tmp_path / "out" / MARK).read_text() == "old"
        folder.commit()
    assert names_in(tmp_path) == ["out"]
    assert names_in(tmp_path / "out") == [MARK]
    assert (tmp_path / "out" / MARK).read_text() == "new"


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_is_not_of_this_kind_is_never_replaced(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("mine")
    else:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / ("letter" if kind == "folder" else MARK)).write_text("mine")
        (tmp_path / "mine").rename(out) if kind == "folder" else out.symlink_to(tmp_path / "mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError, match="not written by this command"):
        PartialFolder(out, overwrite=True, mark=MARK)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_came_into_being_meanwhile_is_kept(tmp_path: Path) -> None:
    with PartialFolder(tmp_path / "out", overwrite=False, mark=MARK) as folder:
        fill(folder)
        (tmp_path / "out").mkdir()
        with pytest.raises(OutputError, match="exists already"):
            folder.commit()
    assert names_in(tmp_path) == ["out"]
    assert names_in(tmp_path / "out") == []


def test_a_missing_folder_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        PartialFolder(tmp_path / "missing" / "out", overwrite=False, mark=MARK)


def test_unfinished_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    first = PartialFolder(tmp_path / "out", overwrite=False, mark=MARK)
    second = PartialFolder(tmp_path / "out", overwrite=False, mark=MARK)
    assert first.path != second.path
    second.discard()
    assert first.path.is_dir()
