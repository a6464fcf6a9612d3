import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.record.ages import HOLD_S, Ages, Era
from tests.support.recorded import DAY, HOUR, SetClock, SetMachine


class Steps:
    def __init__(self) -> None:
        self.noticed: list[float] = []

    def __call__(self, era: Era, wall_s: float) -> None:
        self.noticed.append(era.step_s)


def opened(folder: Path, clock: SetClock, machine: SetMachine, steps: Steps | None = None) -> Ages:
    return Ages(folder / "clock.json", clock, machine, last_era=-1, on_step=steps or Steps())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 2 * DAY), st.floats(-40 * DAY, 40 * DAY)), max_size=12))
def test_while_the_machine_runs_no_step_of_the_clock_changes_an_age(
    tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[float, float]]
) -> None:
    folder = tmp_path_factory.mktemp("ages")
    clock = SetClock()
    machine = SetMachine(clock)
    ages = opened(folder, clock, machine)
    moments = [(ages.now(), clock.monotonic_s())]
    for number, (passed_s, step_s) in enumerate(turns):
        for _ in range(3):
            clock.sleep(passed_s / 3)
            ages.notice()
        clock.set(step_s)
        if number % 3 == 2:
            ages.close()
            ages = opened(folder, clock, machine)
        moments.append((ages.now(), clock.monotonic_s()))
    for moment, then_s in moments:
        # A step below the bound is not told from a clock that is slewed: each may leave so much.
        assert math.isclose(ages.age_s(moment), clock.monotonic_s() - then_s, abs_tol=0.01 + 2 * len(turns) * (5 + 0.001 * 2 * DAY))


@pytest.mark.parametrize("step_s", [HOUR, -HOUR, 40 * 365 * DAY])
def test_a_step_is_noticed_once_and_begins_an_era(tmp_path: Path, step_s: float) -> None:
    clock, steps = SetClock(), Steps()
    ages = opened(tmp_path, clock, SetMachine(clock), steps)
    before = ages.now()
    clock.sleep(10)
    clock.set(step_s)
    for _ in range(5):
        clock.sleep(1)
        ages.notice()
    assert steps.noticed == [pytest.approx(step_s, abs=0.01)]
    assert ages.era == before.era + 1
    assert ages.age_s(before) == pytest.approx(15)


def test_a_clock_that_is_slewed_does_not_step(tmp_path: Path) -> None:
    clock, steps = SetClock(), Steps()
    ages = opened(tmp_path, clock, SetMachine(clock), steps)
    moment = ages.now()
    for _ in range(5000):
        clock.sleep(1)
        clock.set(-0.0005)
        ages.notice()
    assert steps.noticed == []
    assert ages.age_s(moment) == pytest.approx(5000, abs=3)


def test_a_step_between_two_processes_of_one_start_changes_no_age(tmp_path: Path) -> None:
    clock, steps = SetClock(), Steps()
    machine = SetMachine(clock)
    ages = opened(tmp_path, clock, machine)
    moment = ages.now()
    clock.sleep(100)
    ages.close()
    clock.sleep(100)
    clock.set(HOUR)
    again = opened(tmp_path, clock, machine, steps)
    assert steps.noticed == [pytest.approx(HOUR)]
    assert again.age_s(moment) == pytest.approx(200)


def test_while_the_machine_is_off_time_passes_by_the_wall_clock(tmp_path: Path) -> None:
    clock = SetClock()
    ages = opened(tmp_path, clock, SetMachine(clock))
    moment = ages.now()
    ages.close()
    clock.sleep(0.9 * DAY)
    assert opened(tmp_path, clock, SetMachine(clock, "second")).age_s(moment) == pytest.approx(0.9 * DAY)


def test_of_a_machine_that_was_off_for_long_a_day_is_believed_at_once_and_the_rest_when_the_clock_has_held(tmp_path: Path) -> None:
    clock, steps = SetClock(), Steps()
    ages = opened(tmp_path, clock, SetMachine(clock))
    moment = ages.now()
    ages.close()
    clock.sleep(10 * DAY)
    ages = opened(tmp_path, clock, SetMachine(clock, "second"), steps)
    assert steps.noticed == [pytest.approx(9 * DAY)]
    assert ages.age_s(moment) == pytest.approx(DAY)
    clock.sleep(HOLD_S)
    ages.notice()
    assert ages.age_s(moment) == pytest.approx(10 * DAY + HOLD_S)


def test_a_clock_that_stands_far_ahead_at_a_start_and_is_put_right_costs_a_day_at_most(tmp_path: Path) -> None:
    clock = SetClock()
    ages = opened(tmp_path, clock, SetMachine(clock))
    moment = ages.now()
    ages.close()
    clock.sleep(HOUR)
    clock.set(70 * 365 * DAY)
    ages = opened(tmp_path, clock, SetMachine(clock, "second"))
    clock.sleep(60)
    ages.notice()
    clock.set(-70 * 365 * DAY)
    for _ in range(100):
        clock.sleep(60)
        ages.notice()
    assert ages.age_s(moment) == pytest.approx(DAY + 60 + 6000)


def test_a_clock_that_went_back_while_the_machine_was_off_makes_nothing_younger(tmp_path: Path) -> None:
    clock, steps = SetClock(), Steps()
    ages = opened(tmp_path, clock, SetMachine(clock))
    moment = ages.now()
    clock.sleep(HOUR)
    ages.close()
    clock.set(-20 * DAY)
    again = opened(tmp_path, clock, SetMachine(clock, "second"), steps)
    assert again.age_s(moment) == pytest.approx(HOUR)
    assert steps.noticed == [pytest.approx(-20 * DAY)]


def test_a_clock_that_is_set_right_after_a_start_is_believed_for_earlier_recordings_once_it_has_held(tmp_path: Path) -> None:
    clock = SetClock()
    ages = opened(tmp_path, clock, SetMachine(clock))
    early = ages.now()
    clock.sleep(HOUR)
    ages.close()
    clock.sleep(5 * DAY)  # off; the battery is dead, the clock begins 30 days before
    clock.set(-30 * DAY)
    ages = opened(tmp_path, clock, SetMachine(clock, "second"))
    late = ages.now()
    clock.sleep(60)
    clock.set(30 * DAY)
    ages.notice()
    assert ages.age_s(early) == pytest.approx(HOUR + 60)
    for _ in range(20):
        clock.sleep(HOLD_S / 19)
        ages.notice()
    passed_s = 60 + HOLD_S * 20 / 19
    assert ages.age_s(early) == pytest.approx(HOUR + 5 * DAY + passed_s)
    assert ages.age_s(late) == pytest.approx(passed_s)
    clock.sleep(HOUR)
    ages.close()
    again = opened(tmp_path, clock, SetMachine(clock, "third"))
    assert again.age_s(early) == pytest.approx(HOUR + 5 * DAY + passed_s + HOUR)


def test_a_step_that_is_taken_back_in_time_is_never_believed(tmp_path: Path) -> None:
    clock = SetClock()
    ages = opened(tmp_path, clock, SetMachine(clock))
    early = ages.now()
    ages.close()
    ages = opened(tmp_path, clock, SetMachine(clock, "second"))
    clock.set(30 * DAY)
    ages.notice()
    clock.sleep(HOLD_S - 1)
    ages.notice()
    clock.set(-30 * DAY)
    for _ in range(100):
        clock.sleep(60)
        ages.notice()
    assert ages.age_s(early) == pytest.approx(HOLD_S - 1 + 6000)


def test_a_lost_file_lets_ages_go_by_the_wall_clock_in_an_era_of_its_own(tmp_path: Path) -> None:
    clock = SetClock()
    ages = opened(tmp_path, clock, SetMachine(clock))
    clock.set(DAY)
    moment = ages.now()
    ages.close()
    for content in (None, b"", b"{}", b'{"boot_id":"first","wall_s":1,"running_s":1,"eras":[]}', b"\xff\x00"):
        path = tmp_path / "clock.json"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        clock.sleep(10)
        again = Ages(path, clock, SetMachine(clock), last_era=moment.era, on_step=Steps())
        assert again.era == moment.era + 1
        assert again.age_s(moment) == pytest.approx(clock.wall_s() - moment.wall_s)


def test_a_file_that_cannot_be_written_stops_nothing_and_is_tried_again(tmp_path: Path) -> None:
    clock = SetClock()
    folder = tmp_path / "gone"
    ages = opened(folder, clock, SetMachine(clock))
    clock.sleep(5)
    assert ages.now().era == 0
    folder.mkdir()
    clock.sleep(5)
    ages.notice()
    assert (folder / "clock.json").exists()
