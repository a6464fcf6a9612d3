from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.record.folder import CameraFolder, FileName, cameras_in, minute_of, parsed_name
from passerby.record.shelf import Shelf

NAMES = st.builds(FileName, st.integers(0, 5), st.integers(0, 10**8), st.integers(0, 3))


@given(NAMES)
def test_a_name_is_read_as_it_was_written(name: FileName) -> None:
    assert parsed_name(name.text) == name


@pytest.mark.parametrize("text", ["", "20261123T1200Z", "20261123T1200Z-0", "20261399T1200Z-0-0", "20261123T2500Z-0-0", "x20261123T1200Z-0-0"])
def test_other_names_are_none_of_ours(text: str) -> None:
    assert parsed_name(text) is None


@given(st.floats(-1e15, 1e15))
def test_any_clock_gives_a_minute_that_can_be_named(wall_s: float) -> None:
    assert parsed_name(FileName(0, minute_of(wall_s), 0).text) is not None


@pytest.mark.parametrize("camera", ["", "..", "a/b", "A", "x" * 41, "a.b", "a\n"])
def test_a_camera_id_that_leads_elsewhere_is_refused(tmp_path: Path, camera: str) -> None:
    with pytest.raises(ValueError, match="no camera id"):
        CameraFolder(tmp_path, camera)


def test_a_minute_under_way_that_was_closed_already_counts_once(tmp_path: Path) -> None:
    folder = CameraFolder(tmp_path, "gate")
    name = FileName(0, minute_of(1_795_435_200), 0)
    folder.segment(name).parent.mkdir(parents=True)
    for ending in (".mcap", ".mcap.open", ".mcap.tmp", ".txt"):
        folder.segment(name, ending).touch()
    assert folder.segments() == [(name, folder.segment(name))]
    assert cameras_in(tmp_path) == ["gate"]
    assert cameras_in(tmp_path / "nowhere") == []


@given(st.sets(NAMES, max_size=30), st.sets(NAMES, max_size=10), NAMES, st.none() | NAMES)
def test_a_shelf_is_a_sorted_set(names: set[FileName], gone: set[FileName], first: FileName, last: FileName | None) -> None:
    shelf = Shelf([*names, *names])
    for name in gone:
        shelf.remove(name)
    there = sorted(names - gone)
    assert list(shelf) == there
    assert len(shelf) == len(there)
    assert all(shelf.has(name) for name in there)
    assert not any(shelf.has(name) for name in gone)
    between = [n for n in there if (n.era, n.minute) >= first[:2] and (last is None or (n.era, n.minute) <= last[:2])]
    assert shelf.has_between(first, last) == bool(between)
    assert list(shelf.while_due(lambda name: name.minute < 5 * 10**7)) == [n for n in there if n.minute < 5 * 10**7]
