"""Holds by command, while the recorder runs and while it does not; and what an export leaves out."""

import fcntl
import re
import time
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from passerby.errors import OutputError, ReceiptError, RecordingError, SettingsError
from passerby.record.command import recordings_app
from passerby.record.holding import HoldWish, extend, following, hold, in_force, reach_s, release
from passerby.record.holds import SLACK_S
from passerby.record.places import RecordingsPlace, opened_place
from passerby.record.receipts import Act, read_receipts
from passerby.site.times import text_of
from tests.support.recorded import DAY, HOUR, NOON, Kept

SITE = """
[site]
name = "Station"
time_zone = "UTC"
state_folder = "state"

[recording]
max_hold = "2 days"

[[camera]]
id = "gate"
name = "Gate"
purpose = "To see crowding in time."
source = "clips/gate.mp4"
retention = "24 h"
"""


def place_of(kept: Kept, max_hold_s: float | None = 30 * DAY) -> RecordingsPlace:
    return RecordingsPlace(kept.folder.parent, retention_s={"gate": HOUR}, max_hold_s=max_hold_s)


def recorded(state: Path, *, retention_s: float = HOUR, begin_s: float = NOON) -> Kept:
    kept = Kept(state / "recordings", retention_s=retention_s, begin_s=begin_s)
    kept.run(180, 1)
    return kept


def test_a_hold_that_a_command_makes_is_kept_by_the_recorder_that_runs(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    made, minutes = hold(place_of(kept), HoldWish("gate", NOON + 60, NOON + 61, NOON + 3 * HOUR), kept.clock, why="an accident", by="ann")
    assert minutes == 1
    kept.idle(2 * HOUR)
    assert kept.minutes() == ["20261123T1201Z-0-0"]
    kept.idle(HOUR)
    assert kept.minutes() == []
    (receipt,) = [one for one in read_receipts(tmp_path / "receipts.jsonl") if one.kind is Act.HELD]
    assert (receipt.hold, receipt.by, receipt.why, receipt.until_s) == (made.hold, "ann", "an accident", NOON + 3 * HOUR)


def test_a_hold_that_a_command_ends_lets_go_of_what_is_due(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    made, _ = hold(place_of(kept), HoldWish("gate", NOON, NOON + 180, NOON + DAY), kept.clock, why="x", by="ann")
    kept.idle(2 * HOUR)
    assert len(kept.minutes()) == 3
    release(place_of(kept), made.hold, kept.clock, by="bob")
    kept.idle(20)
    assert kept.minutes() == []
    with pytest.raises(RecordingError, match="there is no hold"):
        release(place_of(kept), made.hold, kept.clock, by="bob")


def test_holds_of_the_recorder_and_of_commands_stand_beside_each_other(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    first = kept.recordings.hold("gate", NOON, NOON + 60, NOON + 3 * HOUR, why="a", by="ann")
    second, _ = hold(place_of(kept), HoldWish("gate", NOON + 60, NOON + 120, NOON + 4 * HOUR), kept.clock, why="b", by="bob")
    third = kept.recordings.hold("gate", NOON + 120, NOON + 180, NOON + 5 * HOUR, why="c", by="ann")
    assert {one.hold for one in in_force(place_of(kept), kept.clock)} == {first.hold, second.hold, third.hold}
    kept.idle(3 * HOUR + 60)
    assert {one.hold for one in in_force(place_of(kept), kept.clock)} == {second.hold, third.hold}
    assert kept.minutes() == ["20261123T1201Z-0-0", "20261123T1202Z-0-0"]


def test_a_hold_is_bounded_and_says_what_it_is_for(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    latest_s = NOON + HOUR + 30 * DAY
    with pytest.raises(RecordingError, match="at the latest"):
        hold(place_of(kept), HoldWish("gate", NOON, NOON + 60, latest_s + 1), kept.clock, why="x", by="ann")
    with pytest.raises(SettingsError, match="held for is empty"):
        hold(place_of(kept), HoldWish("gate", NOON, NOON + 60, latest_s), kept.clock, why=" \n ", by="ann")
    with pytest.raises(SettingsError, match=r"site\.toml"):
        hold(place_of(kept, None), HoldWish("gate", NOON, NOON + 60, latest_s), kept.clock, why="x", by="ann")
    with pytest.raises(RecordingError, match="no recordings of a camera"):
        hold(place_of(kept), HoldWish("../gate", NOON, NOON + 60, latest_s), kept.clock, why="x", by="ann")
    made, _ = hold(place_of(kept), HoldWish("gate", NOON, NOON + 60, latest_s), kept.clock, why=" two\nlines ", by="ann")
    assert made.why == "two lines"


def test_a_hold_that_cannot_be_written_down_is_refused(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    (tmp_path / "receipts.jsonl").mkdir()
    with pytest.raises(ReceiptError):
        hold(place_of(kept), HoldWish("gate", NOON, NOON + 60, NOON + DAY), kept.clock, why="x", by="ann")
    assert in_force(place_of(kept), kept.clock) == []


def test_a_command_that_changes_the_holds_keeps_no_deletion_waiting(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    kept.recordings.hold("gate", NOON, NOON + 60, NOON + 2 * HOUR, why="x", by="ann")
    with kept.recordings._holds._locked(), pytest.raises(OutputError), kept.recordings._holds._locked(wait=False):
        pass  # somebody else has the lock
    with kept.recordings._holds._locked():
        kept.idle(3 * HOUR)
    assert kept.minutes() == []


def written_site(folder: Path, retention_s: float = DAY, *, minutes_ago: float = 30) -> tuple[Path, Kept]:
    """A site file with recordings by the machine's own clock."""
    begin_s = (time.time() // 60 - minutes_ago) * 60
    kept = recorded(folder / "state", retention_s=retention_s, begin_s=begin_s)
    kept.recordings.close()
    site = folder / "site.toml"
    site.write_text(SITE)
    return site, kept


def command(*words: str) -> Result:
    return CliRunner().invoke(recordings_app, list(words))


def test_the_commands_hold_list_and_release(tmp_path: Path) -> None:
    site, kept = written_site(tmp_path)
    begin_s = kept.clock.wall_s() - 180
    times = ["--from", text_of(begin_s), "--to", text_of(begin_s + 120), "--until", text_of(begin_s + DAY)]
    done = command("hold", str(site), "--camera", "gate", *times, "--why", "accident [red]at the gate")
    assert done.exit_code == 0, done.output
    made = re.match(r"([0-9a-f]{12}): 2 minutes of gate held until ", done.output)
    assert made is not None
    listed = command("holds", str(site))
    assert made[1] in listed.output
    assert "[red]" in listed.output
    ended = command("release", str(site), made[1])
    assert ended.exit_code == 0
    assert command("holds", str(site)).output.strip() == "no holds"
    kinds = [receipt.kind for receipt in read_receipts(tmp_path / "state" / "receipts.jsonl")]
    assert kinds == [Act.HELD, Act.HOLD_ENDED]


def test_an_export_leaves_out_what_is_due_while_nothing_runs(tmp_path: Path) -> None:
    _, kept = written_site(tmp_path, 61.9 * 60, minutes_ago=62)
    assert len(kept.minutes()) == 3
    begin_s = kept.clock.wall_s() - 180
    times = ["--from", text_of(begin_s), "--to", text_of(begin_s + 180)]
    done = command("export", str(tmp_path / "state"), "--camera", "gate", *times, "-o", str(tmp_path / "a.mp4"))
    assert done.exit_code == 0, done.output
    assert re.search(r"180 s, (\d+) s of them not recorded", done.output)
    due = command("export", str(tmp_path / "state"), "--camera", "gate", *times[:3], text_of(begin_s + 50), "-o", str(tmp_path / "b.mp4"))
    assert due.exit_code == 1
    assert "no recording" in str(due.exception)
    assert not (tmp_path / "b.mp4").exists()


def test_a_hold_that_follows_something_is_extended_never_shortened_with_a_receipt_and_keeps_its_end(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    place, until_s = place_of(kept), NOON + 3 * HOUR
    made, _ = hold(place, HoldWish("gate", NOON, NOON + 60, until_s), kept.clock, why="x", by="ann", follows="a1")
    plain, _ = hold(place, HoldWish("gate", NOON, NOON + 30, until_s), kept.clock, why="y", by="ann")
    assert following(place, kept.clock) == [made]
    assert extend(place, plain.hold, NOON + 180, kept.clock, goes_on=True) is None, "it follows nothing"
    longer = extend(place, made.hold, NOON + 120, kept.clock, goes_on=True)
    assert longer is not None
    assert (longer.to_s, longer.until_s, longer.made_s, longer.follows) == (NOON + 120, until_s, made.made_s, "a1")
    assert extend(place, made.hold, NOON + 61, kept.clock, goes_on=True) == longer
    done = extend(place, made.hold, NOON + 61, kept.clock, goes_on=False)
    assert done is not None
    assert (done.to_s, done.follows) == (NOON + 120, "")
    assert following(place, kept.clock) == []
    told = [(one.hold, one.by, one.to_s) for one in read_receipts(tmp_path / "receipts.jsonl") if one.kind is Act.HELD]
    assert told == [(made.hold, "ann", NOON + 60), (plain.hold, "ann", NOON + 30), (made.hold, "passerby", NOON + 120)]
    kept.idle(2 * HOUR)
    assert kept.minutes() == ["20261123T1200Z-0-0", "20261123T1201Z-0-0"]
    kept.idle(HOUR)
    assert kept.minutes() == []


def test_a_hold_that_follows_something_reaches_no_further_than_time_has_passed_whatever_the_wall_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = recorded(tmp_path)
    place, until_s = place_of(kept), NOON + 3 * HOUR
    monkeypatch.setattr("passerby.record.kept_minutes.ThisMachine", lambda: kept.machine)
    made, _ = hold(place, HoldWish("gate", NOON, NOON + 60, until_s), kept.clock, why="x", by="ann", follows="a1")
    kept.clock.set(30 * DAY)
    kept.clock.sleep(100)
    longer = extend(place, made.hold, kept.clock.wall_s(), kept.clock, goes_on=True)
    assert longer is not None
    assert longer.to_s == made.made_s + 100 + SLACK_S == reach_s(place, made, kept.clock)


def test_an_older_build_can_read_a_hold_that_follows_nothing(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    hold(place_of(kept), HoldWish("gate", NOON, NOON + 60, NOON + HOUR), kept.clock, why="x", by="ann")
    (written,) = msgspec.json.decode((kept.folder / "holds.json").read_bytes())
    assert set(written) == {"hold", "camera", "from_s", "to_s", "until_s", "why", "by", "made_era", "made_s"}


def test_a_hold_that_is_over_or_that_somebody_else_changes_now_is_not_extended(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    place = place_of(kept)
    made, _ = hold(place, HoldWish("gate", NOON, NOON + 60, NOON + 2 * HOUR), kept.clock, why="x", by="ann", follows="a1")
    with (place.recordings / "holds.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OutputError):
            extend(place, made.hold, NOON + 120, kept.clock, goes_on=True)
    kept.clock.sleep(2 * HOUR)
    assert extend(place, made.hold, NOON + 120, kept.clock, goes_on=True) is None


def test_the_list_of_holds_says_which_are_extended(tmp_path: Path) -> None:
    site, kept = written_site(tmp_path)
    begin_s = kept.clock.wall_s() - 180
    for follows in ("", "a1"):
        hold(opened_place(site), HoldWish("gate", begin_s, begin_s + 60, begin_s + DAY), kept.clock, why="x", by="ann", follows=follows)
    one, other = command("holds", str(site)).output.splitlines()
    assert ("as it goes on" in one, "as it goes on" in other) == (False, True)
