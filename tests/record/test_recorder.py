from pathlib import Path

import pytest

from passerby.errors import OutputError, ReceiptError, RecordingError
from passerby.record.playback import play
from passerby.record.receipts import Act
from passerby.record.settings import RecordingSettings
from passerby.released.render import Renderer
from tests.support.recorded import DAY, HOUR, NOON, SIZE, Kept, Scenes, changed_block, message_of, plain_patches


def test_a_minute_of_a_camera_is_a_file_named_in_utc(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(150)
    assert kept.minutes() == ["20261123T1200Z-0-0", "20261123T1201Z-0-0"]
    kept.recordings.close()
    assert kept.minutes() == ["20261123T1200Z-0-0", "20261123T1201Z-0-0", "20261123T1202Z-0-0"]
    assert not list(tmp_path.rglob("*.open"))
    assert len(kept.plates()) == 1


def test_the_minute_of_a_camera_that_fell_silent_is_closed_when_it_is_over(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(20)
    kept.idle(50)
    assert kept.minutes() == ["20261123T1200Z-0-0"]


def test_what_is_due_is_deleted_within_a_minute_of_its_time_and_not_before(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=2 * HOUR)
    kept.run(180, 5)
    kept.clock.sleep(NOON + 2 * HOUR - 1 - kept.clock.wall_s())
    kept.recordings.tick()
    assert len(kept.minutes()) == 3
    kept.clock.sleep(10)
    kept.recordings.tick()
    assert kept.minutes() == ["20261123T1201Z-0-0", "20261123T1202Z-0-0"]
    kept.idle(120)
    assert kept.minutes() == []
    deleted = kept.receipts.of(Act.DELETED)
    assert [(receipt.camera, receipt.from_s, receipt.to_s, receipt.files) for receipt in deleted] == [
        ("gate", NOON + 60 * minute, NOON + 60 * (minute + 1), 1) for minute in range(3)
    ]
    assert {receipt.why for receipt in deleted} == {"retention"}


def test_a_plate_file_goes_with_the_last_minute_that_refers_to_it(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(120, 5)
    kept.reopen()
    kept.run(120, 5)
    assert len(kept.plates()) == 2
    kept.clock.sleep(NOON + HOUR + 121 - kept.clock.wall_s())
    kept.recordings.tick()
    assert len(kept.plates()) == 1
    kept.reopen(off_s=HOUR)
    assert kept.plates() == []
    assert kept.minutes() == []
    assert not list(tmp_path.glob("cameras/gate/2*"))


def test_the_plate_of_a_camera_that_fell_silent_goes_with_its_last_minute_and_comes_again_with_it(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(60, 5)
    kept.idle(HOUR - 70)
    assert len(kept.plates()) == 1
    kept.idle(120)
    assert kept.minutes() == []
    assert kept.plates() == []
    assert kept.recordings.write(kept.scenes["gate"].next())
    assert not kept.recordings.write(kept.scenes["gate"].next(whole=True))
    kept.run(10)
    kept.recordings.close()
    assert sum(len(one.scene.patches) for one in play(tmp_path, "gate", NOON, NOON + DAY)) == 1


def test_what_fell_due_while_nothing_ran_is_deleted_at_the_start(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=2 * HOUR)
    kept.run(90, 5)
    kept.reopen(off_s=3 * HOUR, boot="second")
    assert kept.minutes() == []


def test_the_recordings_of_a_camera_that_is_no_longer_configured_are_deleted_in_time(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=2 * HOUR)
    kept.run(90, 5)
    kept.settings = RecordingSettings({"other": DAY}, free_space_floor_bytes=0)
    kept.reopen()
    assert kept.recordings.write(message_of(Scenes(kept.clock).next().scene, kept.clock)) is False
    assert len(kept.minutes()) == 2
    kept.idle(2 * HOUR + 60, 30)
    assert kept.minutes() == []


def test_a_longer_retention_holds_for_later_recordings_only(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(60, 5)
    kept.with_retention(3 * HOUR)
    kept.run(61, 5)
    kept.clock.sleep(HOUR)
    kept.recordings.tick()
    assert kept.minutes() == ["20261123T1201Z-0-0"]
    kept.idle(2 * HOUR + 60)
    assert kept.minutes() == []


def test_a_shorter_retention_holds_at_once_for_all_recordings(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=3 * HOUR)
    kept.run(60, 5)
    kept.idle(2 * HOUR)
    kept.with_retention(HOUR)
    assert kept.minutes() == []


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{"])
def test_a_lost_file_of_promises_does_not_take_recordings_along(tmp_path: Path, content: bytes | None) -> None:
    kept = Kept(tmp_path, retention_s=HOUR, cameras=("gate", "hall"))
    kept.run(60, 5)
    kept.recordings.close()
    for camera in ("gate", "hall"):
        path = tmp_path / "cameras" / camera / "promises.json"
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    kept.settings = RecordingSettings({"gate": HOUR}, free_space_floor_bytes=0)
    kept.recordings = kept.opened()
    kept.idle(HOUR - 70)
    assert len(kept.minutes()) == len(kept.minutes("hall")) == 1
    kept.idle(70)
    assert kept.minutes() == kept.minutes("hall") == []


def test_a_change_of_retention_that_cannot_be_written_down_does_not_take_effect(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(60, 5)
    kept.receipts.full = True
    with pytest.raises(ReceiptError):
        kept.with_retention(3 * HOUR)
    kept.receipts.full = False
    kept.clock.sleep(HOUR + 10)
    kept.recordings.tick()
    assert kept.minutes() == []


def test_deletion_does_not_wait_for_its_receipt_which_follows(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(60, 5)
    kept.receipts.full = True
    kept.clock.sleep(HOUR + 10)
    kept.recordings.tick()
    assert kept.minutes() == []
    assert kept.recordings.health().receipts_waiting == 1
    kept.receipts.full = False
    kept.recordings.tick()
    assert [receipt.files for receipt in kept.receipts.of(Act.DELETED)] == [1]


def test_playing_is_written_down_first_or_refused(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(10)
    assert len(list(kept.recordings.play("gate", NOON, NOON + 60, by="ann", why="a test"))) >= 5, (
        "the minute under way is played up to its last flush"
    )
    viewed = kept.receipts.of(Act.VIEWED)[0]
    assert (viewed.by, viewed.why, viewed.camera, viewed.from_s, viewed.to_s) == ("ann", "a test", "gate", NOON, NOON + 60)
    kept.receipts.full = True
    with pytest.raises(ReceiptError):
        kept.recordings.play("gate", NOON, NOON + 60, by="ann", why="a test")


def test_a_hold_keeps_its_minutes_until_its_end_and_no_longer(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(180, 5)
    hold = kept.recordings.hold("gate", NOON + 60, NOON + 120, NOON + 3 * HOUR, why="accident", by="ann")
    kept.idle(2 * HOUR, 30)
    assert kept.minutes() == ["20261123T1201Z-0-0"]
    assert len(kept.plates()) == 1, "the plate that the held minute refers to is still there"
    kept.reopen()
    kept.idle(HOUR - 200, 10)
    assert kept.minutes() == ["20261123T1201Z-0-0"]
    kept.idle(60, 5)
    assert kept.minutes() == []
    assert kept.plates() == []
    assert [receipt.hold for receipt in kept.receipts.all if receipt.hold] == [hold.hold] * 2
    assert kept.recordings.health().holds == ()


def test_a_hold_cannot_outlast_the_bound_nor_be_strung_together(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(60, 5)
    most = NOON + HOUR + 30 * DAY
    with pytest.raises(RecordingError, match="latest"):
        kept.recordings.hold("gate", NOON, NOON + 60, most + 1, why="", by="ann")
    kept.recordings.hold("gate", NOON, NOON + 60, most, why="", by="ann")
    kept.idle(29 * DAY, HOUR)
    with pytest.raises(RecordingError, match="latest"):
        kept.recordings.hold("gate", NOON, NOON + 60, most + 1, why="", by="ann")
    assert len(kept.minutes()) == 1
    kept.idle(DAY + 2 * HOUR, HOUR)
    assert kept.minutes() == []


def test_a_hold_that_cannot_be_written_down_is_refused(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(60, 5)
    kept.receipts.full = True
    with pytest.raises(ReceiptError):
        kept.recordings.hold("gate", NOON, NOON + 60, NOON + DAY, why="", by="ann")
    kept.idle(HOUR + 60)
    assert kept.minutes() == []


def test_a_hold_that_is_ended_early_lets_what_is_due_go_at_once(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(60, 5)
    hold = kept.recordings.hold("gate", NOON, NOON + 60, NOON + DAY, why="", by="ann")
    kept.idle(2 * HOUR, 60)
    assert len(kept.minutes()) == 1
    kept.recordings.end_hold(hold.hold, by="bob")
    assert kept.minutes() == []
    with pytest.raises(RecordingError):
        kept.recordings.end_hold(hold.hold, by="bob")


def test_below_the_floor_the_oldest_minutes_of_all_cameras_go_first(tmp_path: Path) -> None:
    kept = Kept(tmp_path, floor_bytes=1000, cameras=("gate", "hall"))
    kept.run(60 * 40, 10)
    kept.recordings.tick()
    before = len(kept.minutes()) + len(kept.minutes("hall"))

    def freed(_folder: Path) -> int:
        gone = before - len(kept.minutes()) - len(kept.minutes("hall"))
        return 999 if gone < 30 else 10**6

    kept.recordings._room._free = freed
    kept.recordings.tick()
    assert kept.minutes()[0] == kept.minutes("hall")[0] == "20261123T1215Z-0-0"
    assert {(receipt.why, receipt.files) for receipt in kept.receipts.of(Act.DELETED)} == {("free space", 15)}
    assert not kept.recordings.health().paused


def test_where_deleting_does_not_help_recording_pauses_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    kept = Kept(tmp_path, floor_bytes=1000)
    kept.run(90, 5)
    hold = kept.recordings.hold("gate", NOON, NOON + 60, NOON + DAY, why="", by="ann")
    kept.free_bytes = 0
    kept.recordings.tick()
    assert kept.recordings.health().paused
    kept.run(30, 5)
    assert kept.recordings.health().dropped["gate"] >= 5
    assert kept.minutes() == ["20261123T1200Z-0-0"], "what is held is not deleted for want of space"
    assert not kept.recordings.wants_plate("gate")
    kept.free_bytes = 10**6
    kept.recordings.tick()
    assert kept.recordings.write(kept.scenes["gate"].next()), "the plate is no longer known"
    assert not kept.recordings.write(kept.scenes["gate"].next(whole=True))
    kept.run(60, 5)
    kept.recordings.close()
    played = list(play(tmp_path, "gate", NOON + 121, NOON + HOUR))
    assert played
    assert sum(len(one.scene.patches) for one in played) == 1
    assert hold.hold


def test_where_the_room_cannot_be_measured_nothing_is_deleted_for_it(tmp_path: Path) -> None:
    kept = Kept(tmp_path, floor_bytes=1000)
    kept.run(200, 5)

    def broken(_folder: Path) -> int:
        raise OSError(5, "Input/output error")

    kept.recordings._room._free = broken
    kept.idle(60)
    assert len(kept.minutes()) == 4
    assert not kept.recordings.health().paused


def test_a_worker_that_sends_new_plates_without_end_cannot_fill_the_disk(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    for number in range(120):
        kept.recordings.write(kept.scenes["gate"].next(patches=plain_patches(number)))
        kept.recordings.tick()
        kept.clock.sleep(0.5)
    kept.recordings.close()
    patches = sum(len(one.scene.patches) for one in play(tmp_path, "gate", NOON, NOON + HOUR))
    assert patches == 16
    assert kept.recordings.health().dropped["gate"] == 104


def test_a_scene_that_comes_late_does_not_begin_its_minute_anew(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(59)
    late = kept.scenes["gate"].next()
    kept.clock.sleep(1.5)
    kept.recordings.tick()
    kept.recordings.write(late)
    kept.clock.sleep(2)
    kept.recordings.tick()
    kept.recordings.close()
    assert kept.minutes() == ["20261123T1200Z-0-0"]
    assert len(list(play(tmp_path, "gate", NOON, NOON + 60))) == 60


def test_a_whole_plate_that_comes_again_takes_no_room(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(5)
    for _ in range(10):
        kept.recordings.write(kept.scenes["gate"].next(whole=True))
        kept.clock.sleep(1)
    kept.recordings.close()
    played = list(play(tmp_path, "gate", NOON, NOON + HOUR))
    assert sum(len(one.scene.patches) for one in played) == 1


def test_a_quiet_place_takes_a_scene_a_second_and_what_changes_takes_more(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(30, 0.1, walks=False)
    kept.recordings.close()
    assert len(list(play(tmp_path, "gate", NOON, NOON + HOUR))) == 30


def test_a_plate_file_with_pixels_no_longer_shown_is_ended_after_an_hour(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(10)
    kept.recordings.write(kept.scenes["gate"].next(patches=(changed_block(9),)))
    kept.run(HOUR - 60, 30)
    assert not kept.recordings.wants_plate("gate")
    kept.run(120, 30)
    assert kept.recordings.wants_plate("gate")
    kept.recordings.write(kept.scenes["gate"].next(whole=True))
    assert not kept.recordings.wants_plate("gate")
    assert len(kept.plates()) == 2


def test_a_plate_file_is_ended_after_a_day_at_the_latest(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=30 * DAY)
    kept.run(10)
    kept.run(0.75 * DAY, 600)
    assert not kept.recordings.wants_plate("gate")
    kept.run(0.25 * DAY, 600)
    assert kept.recordings.wants_plate("gate")


def test_a_recorder_that_meets_a_gate_midway_asks_for_its_plate(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    scenes = kept.scenes["gate"]
    scenes.next()
    kept.clock.sleep(1)
    assert kept.recordings.write(scenes.next())
    assert kept.recordings.wants_plate("gate")
    assert not kept.recordings.write(scenes.next(whole=True))
    assert not kept.recordings.wants_plate("gate")


def test_scenes_of_cameras_that_are_not_configured_are_not_recorded(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    strange = message_of(kept.scenes["gate"].next().scene, kept.clock, camera="../../etc")
    assert kept.recordings.write(strange) is False
    kept.recordings.close()
    assert kept.minutes() == []


def test_a_disk_that_fails_for_a_while_also_at_the_end_of_a_minute_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(tmp_path)
    kept.run(50)

    def fails(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    errors = 0
    with monkeypatch.context() as broken:
        broken.setattr("passerby.record.mcap_file.sync_data", fails)
        for _ in range(9):
            kept.recordings.write(kept.scenes["gate"].next())
            try:
                kept.recordings.tick()
            except OutputError:
                errors += 1
            kept.clock.sleep(1)
    assert errors > 5
    kept.run(60)
    kept.recordings.close()
    assert len(list(play(tmp_path, "gate", NOON, NOON + HOUR))) == 119
    assert kept.minutes() == ["20261123T1200Z-0-0", "20261123T1201Z-0-0"]
    assert kept.recordings.health().dropped == {"gate": 0}


def test_what_cannot_be_begun_is_an_error_counted_and_begun_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    (tmp_path / "cameras" / "gate" / "2026-11-23").write_text("in the way")
    with pytest.raises(OutputError):
        kept.run(1)
    assert kept.recordings.health().dropped == {"gate": 1}
    (tmp_path / "cameras" / "gate" / "2026-11-23").unlink()
    assert kept.recordings.write(kept.scenes["gate"].next()), "the plate was lost with the scene"
    kept.recordings.write(kept.scenes["gate"].next(whole=True))
    kept.recordings.close()
    assert sum(len(one.scene.patches) for one in play(tmp_path, "gate", NOON, NOON + HOUR)) == 1


def test_a_folder_that_cannot_be_written_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        Kept(tmp_path / "file" / "recordings")


def test_what_is_played_is_drawn_as_it_was_live_also_from_the_middle(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    renderer = Renderer(SIZE)
    drawn = {}
    for number in range(240):
        patches = plain_patches() if number == 0 else (changed_block(number),) if number % 50 == 0 else ()
        message = kept.scenes["gate"].next(patches=patches)
        kept.recordings.write(message)
        drawn[round(kept.clock.wall_s() - NOON, 1)] = renderer.render(message.scene).copy()
        kept.recordings.tick()
        kept.clock.sleep(0.5)
    kept.recordings.close()
    for begin_s in (0.0, 31.5, 60.0, 99.0):
        again = Renderer(SIZE)
        shown = None
        played = {round(one.captured_wall_s - NOON, 1): one.scene for one in play(tmp_path, "gate", NOON + begin_s, NOON + 110, lead_in=True)}
        assert min(played) == begin_s
        for at_s in (moment for moment in drawn if begin_s <= moment < 110):
            if at_s in played:
                shown = again.render(played[at_s]).copy()
            assert shown is not None
            assert (shown == drawn[at_s]).all(), at_s
