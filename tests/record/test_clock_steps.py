"""Clocks that step, days on which summer time ends: nothing is deleted early, nothing late."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.record.playback import play
from passerby.record.receipts import Act
from tests.support.recorded import DAY, HOUR, NOON, Kept

END_OF_SUMMER_TIME = 1_792_890_000.0
"""2026-10-25T01:00:00Z: in Berlin it is 2 o'clock for the second time."""


def test_a_clock_that_steps_an_hour_ahead_deletes_nothing_before_its_time(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=2 * HOUR)
    kept.run(120, 5)
    kept.idle(1.5 * HOUR)
    kept.clock.set(HOUR)
    kept.idle(20 * 60)
    assert kept.minutes() == ["20261123T1200Z-0-0", "20261123T1201Z-0-0"]
    assert [receipt.seconds for receipt in kept.receipts.of(Act.CLOCK_STEPPED)] == [HOUR]
    kept.idle(10 * 60)
    assert kept.minutes() == []


def test_a_clock_that_steps_an_hour_back_puts_no_deletion_off(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=2 * HOUR)
    kept.run(120, 5)
    kept.clock.set(-HOUR)
    kept.run(60, 5)
    kept.clock.sleep(2 * HOUR - 60 - 10)
    kept.recordings.tick()
    assert kept.minutes() == ["20261123T1102Z-1-0"]
    kept.idle(120)
    assert kept.minutes() == []


def test_an_hour_that_comes_twice_is_recorded_and_played_twice(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(HOUR, 60)
    kept.clock.set(-HOUR)
    kept.run(HOUR, 60)
    kept.recordings.close()
    assert len(kept.minutes()) == 120
    played = list(play(tmp_path, "gate", NOON, NOON + HOUR))
    assert [one.segment.split("-")[1] for one in played] == ["0"] * 60 + ["1"] * 60


def test_a_scene_that_was_captured_before_a_step_and_came_after_it_lies_in_the_time_of_now(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(30, 5)
    message = kept.scenes["gate"].next()
    kept.clock.sleep(0.2)
    kept.clock.set(-DAY)
    kept.recordings.write(message)
    kept.recordings.close()
    assert kept.minutes() == ["20261122T1200Z-1-0", "20261123T1200Z-0-0"]
    assert [one.captured_wall_s for one in play(tmp_path, "gate", NOON - DAY, NOON - HOUR)] == [pytest.approx(NOON - DAY + 30)]


def test_the_day_on_which_summer_time_ends_has_all_of_its_minutes_once(tmp_path: Path) -> None:
    kept = Kept(tmp_path, retention_s=3 * HOUR)
    kept.clock.set(END_OF_SUMMER_TIME - HOUR - NOON)
    kept.recordings = kept.opened()
    kept.run(2 * HOUR, 60)
    kept.recordings.close()
    names = kept.minutes()
    assert names[0].startswith("20261025T0000Z")
    assert [name[9:13] for name in names] == [f"{minute // 60:02}{minute % 60:02}" for minute in range(120)]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 15), st.sampled_from((0.0, HOUR, -HOUR, 90 * DAY, -90 * DAY, 30.0, -30.0))), min_size=1, max_size=6))
def test_whatever_the_clock_does_each_minute_lives_its_retention_and_no_minute_more(
    tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[int, float]]
) -> None:
    kept = Kept(tmp_path_factory.mktemp("steps"), retention_s=HOUR / 2)
    born: dict[str, float] = {}
    dead: dict[str, float] = {}

    def look() -> None:
        now_s = kept.clock.monotonic_s()
        there = {*kept.minutes(), *(path.name.removesuffix(".mcap.open") for path in kept.folder.rglob("2*/*.open"))}
        for name in there:
            assert name not in dead
            born.setdefault(name, now_s)
        dead.update({name: now_s for name in born if name not in there and name not in dead})

    for minutes, step_s in turns:
        for _ in range(minutes):
            kept.run(60, 30)
            look()
        kept.clock.set(step_s)
    kept.recordings.close()
    kept.recordings = kept.opened()
    for _ in range(40):
        kept.idle(60, 30)
        look()
    assert set(dead) == set(born)
    for name, begun_s in born.items():
        assert HOUR / 2 - 60 - 31 <= dead[name] - begun_s <= HOUR / 2 + 61, name
