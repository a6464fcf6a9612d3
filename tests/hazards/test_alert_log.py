"""The log of alerts: what was told is on the disk, whatever is cut off, and goes by whole days."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.clock import SystemClock
from passerby.errors import InputError, OutputError
from passerby.hazards.alert import Cause, Event, What
from passerby.hazards.alert_log import AlertLog, Line
from passerby.hazards.kept_alert import alerts_of
from passerby.released.durable import append_lines
from passerby.supervise.alert_desk import AlertDesk
from tests.support.alerts import ALERT, NOON, goes_on, opens, says
from tests.support.journals import KeptJournal
from tests.support.small_disk import said_on_disk

DAY_S = 86400.0
TODAY = date(2026, 11, 23)


@pytest.fixture
def log(tmp_path: Path) -> AlertLog:
    return AlertLog(tmp_path / "alerts")


def lines(*events: Event, opened_s: float = 0.0) -> list[Line]:
    return [Line(NOON + opened_s, event) for event in events]


def numbered(*events: Event) -> list[Event]:
    return [msgspec.structs.replace(event, number=number) for number, event in enumerate(events)]


def test_all_that_happens_to_an_alert_is_in_the_file_of_its_first_day(log: AlertLog) -> None:
    life = numbered(opens(), goes_on(DAY_S), says(What.ENDED, 3 * DAY_S))
    log.append(lines(*life[:1]))
    log.append(lines(*life[1:]))
    log.append(lines(opens(DAY_S, "00000000000000b2"), opened_s=DAY_S))
    assert log.days() == [TODAY, date(2026, 11, 24)]
    assert log.events(TODAY) == life
    (alert,) = log.alerts(TODAY)
    assert alert.ended_wall_s == NOON + 3 * DAY_S


words = st.text(max_size=40)
moments = st.floats(0, 4e9).map(lambda at_s: round(at_s, 3))
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
whole_events = st.builds(
    Event, alert=st.just(ALERT), number=st.integers(0, 2**53), what=st.sampled_from(What), wall_s=moments, by=words, words=words, value=numbers
)


@given(st.lists(whole_events, max_size=5))
def test_what_is_read_is_what_was_written(tmp_path_factory: pytest.TempPathFactory, events: list[Event]) -> None:
    log = AlertLog(tmp_path_factory.mktemp("log") / "alerts")
    log.append(lines(*events))
    assert [event for day in log.days() for event in log.events(day)] == events


def test_wherever_a_crash_cuts_the_file_what_is_whole_is_read_and_what_comes_after_is_too(log: AlertLog) -> None:
    events = numbered(opens(), goes_on(10, words="größer"), says(What.ENDED, 20))
    log.append(lines(*events))
    path = log.folder / "2026-11-23.jsonl"
    whole = path.read_bytes()
    ends = [number + 1 for number, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        left = sum(end - 1 <= cut for end in ends)
        assert log.events(TODAY) == events[:left]
        later = msgspec.structs.replace(says(What.CLOSED, 30), number=7)
        log.append(lines(later))
        assert log.events(TODAY) == [*events[:left], later], "nothing is added to a line that was cut"
        assert len(alerts_of(log.events(TODAY))) == (left > 0)


def test_what_others_have_put_there_is_left_out(log: AlertLog) -> None:
    log.append(lines(opens()))
    with (log.folder / "2026-11-23.jsonl").open("ab") as file:
        file.write(b'\xff\xfe\n{}\n[]\n{"alert":"x","number":1,"what":"exploded","wall_s":1}\n' + b"[" * 100_000 + b"\n\n")
        file.write(msgspec.json.encode({**msgspec.to_builtins(opens()), "track": 7}) + b"\n")
    (log.folder / "2026-99-99.jsonl").write_text("no day")
    (log.folder / "notes.txt").write_text("not ours")
    assert log.days() == [TODAY]
    assert log.events(TODAY) == [opens()]


def test_an_alert_is_found_by_its_id_with_its_events(log: AlertLog) -> None:
    for number in range(20):
        log.append(lines(opens(number * DAY_S, f"{number:016x}"), opened_s=number * DAY_S))
    found = log.find(f"{3:016x}")
    assert found is not None
    assert (found[0].opened_wall_s, len(found[1])) == (NOON + 3 * DAY_S, 1)
    assert log.find("00000000000000ff") is None
    assert AlertLog(log.folder / "nowhere").find(ALERT) is None


def test_the_day_of_the_last_line_is_written_last(log: AlertLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's act is the last line: where they are told that it failed, it is not there."""
    fails = "2026-11-24"

    def append(path: Path, data: bytes) -> None:
        if fails in path.name:
            raise OSError(28, "No space left on device")
        append_lines(path, data)

    monkeypatch.setattr("passerby.hazards.alert_log.append_lines", append)
    acted = Line(NOON, says(What.ACKNOWLEDGED))
    with pytest.raises(OutputError, match="No space left"):
        log.append([Line(NOON, opens()), Line(NOON + DAY_S, opens(DAY_S, "00000000000000b2")), acted])
    assert not (log.folder / "2026-11-23.jsonl").exists()


def test_a_day_is_deleted_as_a_whole(log: AlertLog) -> None:
    log.append(lines(opens()))
    log.append(lines(opens(DAY_S), opened_s=DAY_S))
    assert (log.delete(TODAY), log.delete(TODAY)) == (1, 0)
    assert log.days() == [date(2026, 11, 24)]
    assert log.events(TODAY) == []


def test_a_day_that_cannot_be_read_or_deleted_is_said(log: AlertLog) -> None:
    (log.folder / "2026-11-23.jsonl").mkdir(parents=True)
    with pytest.raises(InputError, match="cannot be read"):
        log.events(TODAY)
    with pytest.raises(OutputError, match="cannot be deleted"):
        log.delete(TODAY)


def test_a_full_disk_keeps_nobody_from_being_warned_and_loses_nothing(tmp_path: Path) -> None:
    said = said_on_disk(tmp_path, "size=256k", "tests.support.alerts_small_disk")
    assert (said["first"], said["told"]) == (True, 1)
    assert (said["full"], said["at_once"], said["waiting"], said["on_disk"]) == (False, 0, 200, [1])
    assert said["shown"] == 201, "whoever looks sees them at once"
    assert "No space left" in said["refused"], "what somebody does is refused, not promised"
    assert said["late"] == 200, "channels are told after a few seconds"
    assert "No space left" in said["failing"]
    assert (said["after"], said["kept"], said["lost"], said["failing_after"]) == (True, 201, 0, "")
    assert (said["acknowledged"], said["again"]) == ("anna", ["acknowledged"]), "what was told is not told again"
    assert said["journal"] == ["alerts cannot be written down", "alerts can be written down again"]


def killed_again_and_again(folder: Path, times: int, seed: int) -> int:
    """Kills what writes, at moments that nobody chose, and starts it anew over what is left; how many events were told."""
    rng, told = random.Random(seed), list[Event]()
    for number in range(times):
        command = [sys.executable, "-m", "tests.support.alert_writer", str(folder), str(seed * 1000 + number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(rng.uniform(0.0, 0.15))
            os.kill(process.pid, signal.SIGKILL)
            said = first + process.stdout.read()
        decoded = [msgspec.json.decode(line, type=Event) for line in said.split(b"\n")[:-1]]
        told += decoded
        log = AlertLog(folder)
        kept = {(event.alert, event.number): event for day in log.days() for event in log.events(day)}
        missing = [event for event in told if kept.get((event.alert, event.number)) != event]
        assert missing == [], "what was told is on the disk"
        desk = AlertDesk(log, SystemClock(), KeptJournal())
        desk.restore()
        causes: list[Cause] = [standing.cause for standing in desk.standing()]
        assert len(set(causes)) == len(causes)
    return len(told)


def test_what_was_told_survives_being_killed(tmp_path: Path) -> None:
    assert killed_again_and_again(tmp_path / "alerts", 4, 1) > 20


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_what_was_told_survives_being_killed_two_hundred_times(tmp_path: Path, seed: int) -> None:
    assert killed_again_and_again(tmp_path / "alerts", 40, seed) > 500
