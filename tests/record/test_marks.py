"""Deletions that could not be written down when they were due are written down in the end, whatever ends the process (invariants I7 and I8)."""

import errno
import os
from pathlib import Path

import pytest

from passerby.errors import ReceiptError
from passerby.record import marks, receipts
from passerby.record.deleting import FOUND_MISSING
from passerby.record.folder import CLOSED, GONE, CameraFolder, FileName
from passerby.record.receipts import Act, FileReceipts, Receipt, read_receipts
from tests.support.recorded import HOUR, Kept, KeptReceipts


def marks_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.gone"))


def deleted_without_receipt(folder: Path) -> tuple[Kept, float]:
    """Recordings of three minutes that were deleted while no receipt could be written, and when they began."""
    kept = Kept(folder, retention_s=HOUR)
    begun_s = kept.clock.wall_s()
    kept.run(150)
    kept.receipts.full = True
    kept.idle(2 * HOUR, 60)
    assert kept.minutes() == []
    assert kept.receipts.of(Act.DELETED) == []
    return kept, begun_s


def test_a_process_that_is_killed_before_a_receipt_could_be_written_leaves_it_to_the_next_start(tmp_path: Path) -> None:
    _, begun_s = deleted_without_receipt(tmp_path)
    assert len(marks_in(tmp_path)) == 3
    assert all(path.stat().st_size == 0 for path in tmp_path.rglob("*.gone")), "nothing of what was seen is left"
    again = Kept(tmp_path, retention_s=HOUR)  # the first one never wrote what waits in it
    (receipt,) = again.receipts.of(Act.DELETED)
    assert (receipt.camera, receipt.files, receipt.why) == ("gate", 3, FOUND_MISSING)
    assert (receipt.from_s, receipt.to_s) == (begun_s // 60 * 60, begun_s // 60 * 60 + 180)
    assert marks_in(tmp_path) == []
    assert list((tmp_path / "cameras" / "gate").glob("2*")) == [], "the empty day is gone as well"


def test_a_receipt_that_can_be_written_later_is_written_once_and_its_marks_go(tmp_path: Path) -> None:
    kept, _ = deleted_without_receipt(tmp_path)
    kept.receipts.full = False
    kept.idle(60)
    assert {receipt.why for receipt in kept.receipts.of(Act.DELETED)} == {"retention"}
    assert sum(receipt.files or 0 for receipt in kept.receipts.of(Act.DELETED)) == 3
    assert marks_in(tmp_path) == []
    written = len(kept.receipts.of(Act.DELETED))
    kept.reopen()
    assert len(kept.receipts.of(Act.DELETED)) == written


def test_marks_stay_for_as_many_starts_as_no_receipt_can_be_written(tmp_path: Path) -> None:
    kept, _ = deleted_without_receipt(tmp_path)
    for _ in range(2):
        kept.opened()
        assert len(marks_in(tmp_path)) == 3
    kept.receipts.full = False
    kept.opened()
    assert sum(receipt.files or 0 for receipt in kept.receipts.of(Act.DELETED)) == 3
    assert marks_in(tmp_path) == []


def test_where_no_mark_can_be_made_what_is_due_is_deleted_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: CameraFolder, name: FileName, ending: str = CLOSED) -> Path:
        return tmp_path / "not there" / "x.gone" if ending == GONE else segment(self, name, ending)

    segment = CameraFolder.segment
    monkeypatch.setattr(CameraFolder, "segment", refused)
    deleted_without_receipt(tmp_path)
    assert marks_in(tmp_path) == []


def test_what_does_not_fit_among_receipts_that_wait_is_counted_and_written_by_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.record.deleting.MOST_WAITING", 1)
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.receipts.full = True
    for _ in range(3):
        kept.run(60)
        kept.idle(HOUR, 60)
    kept.idle(2 * HOUR, 60)
    assert kept.minutes() == []
    assert kept.recordings.health().receipts_waiting > 1
    marked = len(marks_in(tmp_path))
    assert marked >= 3
    again = Kept(tmp_path, retention_s=HOUR)
    assert sum(receipt.files or 0 for receipt in again.receipts.of(Act.DELETED)) == marked


def test_a_mark_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    folder = CameraFolder(tmp_path, "gate")
    kept = Kept(tmp_path)
    kept.run(70)
    (name,) = kept.recordings._cameras["gate"].recorder.folder.segment_stock().closed
    marks.mark(CameraFolder(tmp_path / "not there", "gate"), name)
    marks.mark(folder, name)
    assert marks_in(tmp_path) == [f"{name.text}.gone"]
    marks.unmark(folder, [name, name])
    assert marks_in(tmp_path) == []
    assert kept.minutes() == [name.text]


class FullUntilRoom(KeptReceipts):
    """No line fits while a minute lies on the disk."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def write(self, receipt: Receipt) -> None:
        if receipt.kind is Act.DELETED and list(self._folder.rglob("2*/*.mcap")):
            raise ReceiptError("no room for receipts")
        super().write(receipt)


def test_on_a_full_disk_the_receipt_is_written_as_soon_as_the_deletion_made_room(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(150)
    kept.recordings.close()
    kept.receipts = FullUntilRoom(tmp_path)
    kept.clock.sleep(2 * HOUR)
    kept.recordings = kept.opened(promise=False)
    assert kept.minutes() == []
    assert [receipt.files for receipt in kept.receipts.of(Act.DELETED)] == [3], "without another tick"
    assert marks_in(tmp_path) == []


def test_it_is_so_with_a_real_file_that_takes_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    file = tmp_path / "receipts.jsonl"
    kept = Kept(tmp_path / "recordings", retention_s=HOUR)
    kept.run(150)
    kept.recordings.close()
    kept.receipts = FileReceipts(file)  # type: ignore[assignment]
    with monkeypatch.context() as broken:
        broken.setattr(receipts, "append_lines", fails)
        kept.clock.sleep(2 * HOUR)
        kept.opened(promise=False)
    assert kept.minutes() == []
    assert read_receipts(file) == []
    kept.opened(promise=False)
    assert [(receipt.kind, receipt.files) for receipt in read_receipts(file)] == [(Act.DELETED, 3)]
