"""A small form of bench.hazards: a few incidents, some quiet minutes, the bound, and a few alerts in real time."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from bench import hazard_latency, hazard_trials
from bench.hazard_latency import FOR_S, HOLDS_S, LOOKS_HZ, PULSE_LATE_S, RESTS_S, SCENE_LATE_S, _pulse_late_s, flood, latencies
from bench.hazard_life import KINDS, Incident, Life, rise, static
from bench.hazard_trials import Recall, lower_bound, most_an_hour, quantile, quiet_hour, recall_rows, trial
from bench.hazard_world import CONDITIONS, LASTS_S, LIMITS, RISE, START_S, World, area_m2, site
from passerby.hazards.rules.kinds import RULES
from passerby.released.measurement import Pulse
from passerby.released.messages import SceneMessage


def test_there_is_a_rule_of_each_kind() -> None:
    assert {hazard.id for hazard in site().hazards} == set(KINDS) == set(LASTS_S)
    assert {hazard.kind for hazard in site().hazards} == set(RULES)
    for hazard in site().hazards:
        if hazard.kind != "camera":
            assert hazard.lasts_s == LASTS_S[hazard.id], hazard.id


@pytest.mark.parametrize("kind", KINDS)
def test_an_incident_of_each_kind_is_told(kind: str) -> None:
    late_s = trial(kind, "day", 7).late_s
    assert late_s is not None
    assert late_s < 60


def test_what_is_told_long_before_its_onset_is_counted_as_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if what lies there were an incident only once the rule has told it; and once more as it is."""

    def late(rng: np.random.Generator) -> Incident:
        one, seconds = static(rng), count()
        return replace(one, is_so=lambda _: next(seconds) > LASTS_S["static"] + 20)

    found = [trial("static", "day", 7)]
    monkeypatch.setattr(hazard_trials, "KINDS", {"static": (late, 1)})
    found.append(trial("static", "day", 7))
    assert [one.early for one in found] == [False, True]
    recall = Recall("static", found)
    assert recall.early == 1
    assert len(recall.told) == 2
    (row,) = recall_rows([recall])
    assert row[-1].endswith("; 1 before the onset")


@pytest.mark.parametrize("seed", range(6))
def test_a_rise_is_told_while_density_stays_below_its_limit(seed: int) -> None:
    incident, world = rise(np.random.default_rng(seed)), World(seed, CONDITIONS["day"])
    densities = []
    for second in range(incident.lasts_s):
        incident.step(world, second)
        world.second()
        densities.append(world.count("stairs") / area_m2("stairs"))
        if incident.is_so(world):
            break
    assert densities[-1] >= LIMITS["density"] / 2
    assert 60 * (densities[-1] - densities[0]) / len(densities) >= RISE
    assert max(densities) < LIMITS["density"]


def test_nothing_is_told_of_a_few_normal_minutes() -> None:
    for condition in CONDITIONS:
        assert quiet_hour(condition, 11, 200).alerts == ()


def test_the_same_seed_makes_the_same_place() -> None:
    worlds = [World(3, CONDITIONS["noise"]) for _ in range(2)]
    lives = [Life(world) for world in worlds]
    for _ in range(60):
        for life in lives:
            life.step()
        first, second = (world.second() for world in worlds)
        assert first == second


def test_what_is_told_is_as_wrong_as_was_measured() -> None:
    world = World(5, CONDITIONS["day"])
    life = Life(world)
    life.troubles = False
    true, figures, counted = [], [], []
    for _ in range(900):
        life.step()
        told = world.second()
        true.append(world.count("hall"))
        counted += [pulse.zones[3].people for pulse in told if isinstance(pulse, Pulse)]
        figures.append(sum(len(one.scene.glyphs) for one in told if isinstance(one, SceneMessage)) / 4 / max(1, len(world.feet_m)))
        assert all(one.wall_s == START_S + world.time_s for one in told if isinstance(one, Pulse))
    assert sum(counted) / sum(true) == pytest.approx(1.0, abs=0.06)
    assert sum(figures) / len(figures) == pytest.approx(0.93 * 1.10, abs=0.06)


@pytest.mark.parametrize(("hits", "tries", "bound"), [(200, 200, 0.9851), (198, 200, 0.9689), (38, 40, 0.8508), (0, 5, 0.0), (5, 5, 0.5493)])
def test_the_bound_is_that_of_clopper_and_pearson(hits: int, tries: int, bound: float) -> None:
    assert lower_bound(hits, tries) == pytest.approx(bound, abs=5e-4)


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert quantile([float(number) for number in range(1, 101)], 0.99) == 99.0


@pytest.mark.parametrize(
    ("for_s", "holds_s", "rests_s", "seconds"), [(1.0, 3.0, 2.0, 7), pytest.param(FOR_S, HOLDS_S, RESTS_S, 22, marks=pytest.mark.soak)]
)
def test_onsets_reach_a_webhook_in_seconds(for_s: float, holds_s: float, rests_s: float, seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The short one has shorter onsets, in real time as well."""
    for name, value in (("FOR_S", for_s), ("HOLDS_S", holds_s), ("RESTS_S", rests_s)):
        monkeypatch.setattr(hazard_latency, name, value)
    found = latencies(3, seconds, 1)
    assert found["seconds"] == seconds
    assert (found["missed"], found["dropped"]) == (0, 0)
    assert found["onsets"] >= 3
    assert 0 < found["median_s"] < 3


@pytest.mark.parametrize("looks_hz", [LOOKS_HZ, 5.0])
def test_a_pulse_comes_with_a_look(looks_hz: float) -> None:
    late_s = [_pulse_late_s(np.random.default_rng(seed), looks_hz) for seed in range(300)]
    assert PULSE_LATE_S + SCENE_LATE_S[0] <= min(late_s)
    assert max(late_s) <= PULSE_LATE_S + 1 / looks_hz + SCENE_LATE_S[1]
    assert np.mean(late_s) == pytest.approx(PULSE_LATE_S + 0.5 / looks_hz + np.mean(SCENE_LATE_S), abs=0.03)


@pytest.mark.soak
def test_a_flood_loses_nothing() -> None:
    found = flood(20, 1)
    assert (found["written"], found["delivered"], found["doubles"], found["lost"]) == (100, 100, 0, 0)


@pytest.mark.parametrize(("events", "bound"), [(0, 3.00), (1, 4.74), (3, 7.75)])
def test_the_bound_of_a_rate_is_that_of_the_tables(events: int, bound: float) -> None:
    assert most_an_hour(events, 1.0) == pytest.approx(bound, abs=0.01)
    assert most_an_hour(events, 72.0) == pytest.approx(bound / 72, abs=0.001)
