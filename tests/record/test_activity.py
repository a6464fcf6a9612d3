"""How much happened when, of real recordings; and which of them may be shown."""

import io
import itertools
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import SeekingReader

from passerby.record.activity import GAP_S, Activity, Bin, Run, joined
from passerby.record.kept_minutes import KeptMinutes
from passerby.record.mcap_file import read_file, read_times
from tests.support.recorded import DAY, HOUR, NOON, Kept, SetMachine


def kept_minutes(kept: Kept) -> KeptMinutes:
    return KeptMinutes(kept.folder, kept.clock, kept.machine)


def activity(kept: Kept) -> Activity:
    return Activity(kept_minutes(kept))


def test_quiet_and_busy_minutes_are_told_apart(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(60, 0.2)
    kept.run(60, 0.2, walks=False)
    kept.recordings.close()
    line = activity(kept).line("gate", NOON, NOON + 120)
    assert line.bins == (Bin(NOON, 240, 60.0), Bin(NOON + 60, 60, 60.0))
    assert line.runs == (Run(NOON, NOON + 120),)


def test_minutes_without_recordings_are_gaps(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(60, 1)
    kept.idle(180)
    kept.run(60, 1)
    kept.recordings.close()
    line = activity(kept).line("gate", NOON, NOON + HOUR)
    assert [(run.from_s - NOON, run.to_s - NOON) for run in line.runs] == [(0, 60), (240, 300)]
    assert [one.from_s - NOON for one in line.bins] == [0, 240]


def test_what_lies_beside_the_time_asked_for_is_left_out(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(300, 1)
    kept.recordings.close()
    line = activity(kept).line("gate", NOON + 90, NOON + 150)
    assert line.runs == (Run(NOON + 90, NOON + 150),)
    assert [one.from_s - NOON for one in line.bins] == [60, 120]


def test_wide_bins_hold_what_their_minutes_hold(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(600, 1)
    kept.recordings.close()
    fine, wide = activity(kept).line("gate", NOON, NOON + 600), activity(kept).line("gate", NOON, NOON + 600, 300)
    assert [one.scenes for one in wide.bins] == [sum(one.scenes for one in fine.bins[:5]), sum(one.scenes for one in fine.bins[5:])]
    assert [one.recorded_s for one in wide.bins] == [300.0, 300.0]


def test_the_times_in_an_index_are_those_of_the_messages(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(130, 0.3)
    kept.recordings.close()
    paths = sorted((tmp_path / "cameras" / "gate").glob("2*/*.mcap"))
    assert len(paths) == 3
    for path in paths:
        assert read_times(path) == tuple(entry.log_ns for entry in read_file(path).entries)


def test_the_minute_under_way_is_told_by_what_is_on_the_disk_and_not_kept_in_mind(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(20, 1)
    asked = activity(kept)
    first = asked.line("gate", NOON, NOON + 60).bins[0].scenes
    assert 10 < first <= 20
    kept.run(20, 1)
    assert asked.line("gate", NOON, NOON + 60).bins[0].scenes > first


def test_damage_of_an_index_is_told_by_no_index_or_leaves_each_time_between_its_neighbours(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(61, 2)
    kept.recordings.close()
    path = min((tmp_path / "cameras" / "gate").glob("2*/*.mcap"))
    good = path.read_bytes()
    whole = read_times(path)
    assert whole is not None
    lists, summary = parts_of(good)
    assert 0 < lists < summary < len(good)

    @given(at=st.integers(lists, len(good) - 1) | st.integers(0, len(good) - 1), flip=st.integers(0, 255))
    @settings(max_examples=300, deadline=None)
    def damage(at: int, flip: int) -> None:
        data = bytearray(good)
        data[at] ^= flip
        path.write_bytes(data)
        told = read_times(path)
        if flip == 0 or at < lists:  # what messages say is no matter of the index
            assert told == whole
        elif at >= summary:
            assert told is None
        else:
            assert told is None or lies_between_neighbours(told, whole)
        activity(kept).line("gate", NOON, NOON + 120)  # whatever it is, it ends no line of time
        path.write_bytes(good[:at])
        assert read_times(path) is None

    damage()


def parts_of(data: bytes) -> tuple[int, int]:
    """Where the lists of times of a file with one chunk begin, and where its summary does."""
    summary = SeekingReader(io.BytesIO(data)).get_summary()
    assert summary is not None
    (chunk,) = summary.chunk_indexes
    (begin,) = struct.unpack_from("<Q", data, len(data) - 28)
    return chunk.chunk_start_offset + chunk.chunk_length, begin


def lies_between_neighbours(told: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    ends = whole[:1] + whole + whole[-1:]
    return len(told) == len(whole) and all(before <= one <= after for before, one, after in zip(ends, told, ends[2:], strict=False))


@pytest.mark.parametrize("offset", [2**62, 2**63 - 1, 2**64 - 1, 0])
def test_an_index_that_is_said_to_be_outside_of_the_file_is_none(tmp_path: Path, offset: int) -> None:
    """With a right sum over the wrong summary, as no chance makes it. The system refuses to go to some of these places."""
    kept = Kept(tmp_path)
    kept.run(61, 2)
    kept.recordings.close()
    path = min((tmp_path / "cameras" / "gate").glob("2*/*.mcap"))
    good = path.read_bytes()
    lists, summary = parts_of(good)
    assert good.count(struct.pack("<Q", lists), summary) == 1
    wrong = good[:summary] + good[summary:].replace(struct.pack("<Q", lists), struct.pack("<Q", offset))
    summed = zlib.crc32(wrong[summary:-12])
    path.write_bytes(wrong[:-12] + struct.pack("<I", summed) + wrong[-8:])
    assert read_times(path) is None
    path.write_bytes(good[:-28] + struct.pack("<Q", offset) + good[-20:])
    assert read_times(path) is None
    assert activity(kept).line("gate", NOON, NOON + 60).bins[0].scenes > 0


def test_what_was_deleted_is_gone_from_the_line(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(120, 1)
    asked = activity(kept)
    assert asked.ends("gate") == (NOON, NOON + 120)
    assert len(asked.line("gate", NOON, NOON + 120).bins) == 2
    kept.idle(2 * HOUR)
    assert asked.ends("gate") is None
    assert asked.line("gate", NOON, NOON + 120).bins == ()


def test_what_is_kept_in_mind_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.record.activity.MOST_KEPT", 2)
    kept = Kept(tmp_path)
    kept.run(300, 5)
    kept.recordings.close()
    asked = activity(kept)
    assert len(asked.line("gate", NOON, NOON + 300).bins) == 5
    assert len(asked._minutes) == 2


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 50)), max_size=30))
def test_joined_runs_are_in_order_apart_and_cover_the_same(spans: list[tuple[float, float]]) -> None:
    runs = [Run(begin_s, begin_s + length_s) for begin_s, length_s in spans]
    done = joined(runs)
    for one, other in itertools.pairwise(done):
        assert other.from_s - one.to_s > GAP_S - 1.0
    for run in runs:
        assert any(one.from_s <= run.from_s and run.to_s <= one.to_s for one in done)


def test_due_minutes_may_not_be_shown_though_nothing_runs_that_could_delete_them(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(180, 1)
    kept.recordings.close()
    names = [name.minute for name in kept_minutes(kept).names("gate")]
    assert len(names) == 3
    kept.clock.sleep(NOON + HOUR + 30 - kept.clock.wall_s())
    assert [name.minute for name in kept_minutes(kept).names("gate")] == names[1:]
    assert len(kept.minutes()) == 3


def test_a_step_of_the_clock_makes_nothing_due_and_nothing_younger(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(120, 1)
    kept.recordings.close()
    shown = kept_minutes(kept)
    assert len(shown.names("gate")) == 2
    kept.clock.set(10 * HOUR)
    assert len(shown.names("gate")) == 2
    kept.clock.set(-20 * HOUR)
    kept.clock.sleep(HOUR)
    assert shown.names("gate") == []


def test_reading_writes_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(70, 1)
    kept.recordings.close()
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.rglob("*")}
    kept.machine = SetMachine(kept.clock, "another start")
    kept.clock.set(30)
    kept_minutes(kept).names("gate")
    activity(kept).line("gate", NOON, NOON + 120)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.rglob("*")} == before


def test_what_is_held_may_be_shown_until_the_hold_ends(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(180, 1)
    kept.recordings.hold("gate", NOON + 60, NOON + 61, NOON + 3 * HOUR, why="accident", by="ann")
    kept.recordings.close()
    kept.clock.sleep(2 * HOUR)
    shown = kept_minutes(kept)
    assert [name.minute * 60 - NOON for name in shown.names("gate")] == [60]
    kept.clock.sleep(HOUR)
    assert shown.names("gate") == []


def test_lost_promises_fall_back_to_the_site_file_and_without_it_nothing_is_shown(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=DAY)
    kept.run(60, 1)
    kept.recordings.close()
    (tmp_path / "cameras" / "gate" / "promises.json").unlink()
    assert kept_minutes(kept).names("gate") == []
    assert len(KeptMinutes(tmp_path, kept.clock, kept.machine, {"gate": DAY}).names("gate")) == 1
