"""Disks that are full or cannot be written, really."""

from pathlib import Path

import pytest

from tests.support.small_disk import said_on_disk

MINUTES = 150


@pytest.mark.parametrize("floor_bytes", [0, 500_000])
def test_on_a_disk_that_fills_up_recording_goes_on_and_the_oldest_minutes_go(tmp_path: Path, floor_bytes: int) -> None:
    said = said_on_disk(tmp_path, "size=2000k", "tests.support.recording_small_disk", str(floor_bytes), str(MINUTES))
    assert said["foreign"] == []
    assert said["damaged"] == []
    assert said["left"] == []
    assert said["waiting"] == 0
    assert said["dropped"] == 0
    assert said["deleted"] > MINUTES / 4
    assert said["kept"] == MINUTES - said["deleted"]
    assert said["last"] == "20261123T1429Z-0-0.mcap"
    if floor_bytes:
        assert said["errors"] == 0
        assert said["least_free"] > 0.9 * floor_bytes
    else:
        assert said["errors"] > 0, "the disk was never full"


def test_receipts_have_a_reserve_on_a_full_disk_and_no_line_is_ever_half_written(tmp_path: Path) -> None:
    said = said_on_disk(tmp_path, "size=400k", "tests.support.receipts_full_disk")
    assert said["written"] >= 200, "the reserve is too small for a day's holds and deletions"
    assert said["refused"] > 0, "the disk was never full"
    assert said["in_order"]
    assert said["whole"]
    assert said["after"] == 9999.0
    assert said["reserve"]


def test_a_read_only_disk_is_told_at_once_with_what_to_do(tmp_path: Path) -> None:
    said = said_on_disk(tmp_path, "ro", "tests.support.recording_read_only")
    assert said["error"].startswith("OutputError")
    assert "writable" in said["error"]
