"""Retention on disks that fail: due deletion waits for nothing, and what could not be deleted is said (invariant I8)."""

import errno
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from passerby.errors import OutputError
from passerby.record import deleting
from passerby.record.camera_recorder import CameraRecorder
from passerby.record.receipts import Act
from tests.support.recorded import HOUR, Kept


def fails(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.EIO, "the disk fails")


def test_the_minute_under_way_of_a_disk_that_takes_no_write_is_deleted_when_it_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(tmp_path, retention_s=120)
    kept.run(20)
    assert list(tmp_path.rglob("2*/*.open"))
    monkeypatch.setattr(CameraRecorder, "flush", fails)
    monkeypatch.setattr(CameraRecorder, "_flush_files", fails)
    for _ in range(300):
        kept.clock.sleep(1)
        with suppress(OutputError):
            kept.recordings.tick()
    assert not list(tmp_path.rglob("2*/*.mcap*"))
    assert not list(tmp_path.rglob("plates/*.mcap*"))
    assert [receipt.why for receipt in kept.receipts.of(Act.DELETED)] == ["retention"]


def test_a_deletion_that_fails_is_written_down_once_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(tmp_path, retention_s=120)
    kept.run(70)
    kept.idle(30)
    with monkeypatch.context() as broken:
        broken.setattr(deleting, "_remove", fails)
        kept.idle(300)
        assert kept.recordings.health().undeleted > 0
        assert len({(r.from_s, r.to_s) for r in kept.receipts.of(Act.DELETED)}) == len(kept.receipts.of(Act.DELETED))
    written = len(kept.receipts.of(Act.DELETED))
    kept.idle(30)
    assert kept.minutes() == []
    assert kept.recordings.health().undeleted == 0
    assert len(kept.receipts.of(Act.DELETED)) == written


def test_what_is_due_is_deleted_before_anything_that_a_start_may_stumble_over(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(150)
    kept.recordings.close()
    kept.clock.sleep(2 * HOUR)
    kept.receipts.full = True
    kept.opened(promise=False).close()
    assert kept.minutes() == []
