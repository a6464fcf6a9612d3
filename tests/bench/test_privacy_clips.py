from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bench.attack_groups import seed_of
from bench.privacy_clips import hazards, measured_with, never_moves, parked_cars
from bench.privacy_codec import h264, jpeg
from bench.privacy_scenarios import Scenario, clips, startups
from passerby.released.scene import Size
from passerby.simulate.events import Event, EventKind
from passerby.simulate.path import Crowd, Path
from passerby.simulate.plaza import Plaza
from tests.support.detectors import Blind

SMALL = Size(256, 192)


def tiny(scenario: Scenario, **changes: Any) -> Scenario:
    """A scenario of few people in a small picture, quickly simulated."""
    crowd = Crowd(walkers=2, still=2, queueing=0, groups=0.0)
    return replace(scenario, settings=replace(scenario.settings, size=SMALL, crowd=crowd, **changes))


def test_clips_follow_from_the_commit_alone() -> None:
    assert clips("abc", 5) == clips("abc", 5)
    assert clips("abc", 5)[:3] == clips("abc", 3)
    assert all(one.settings != other.settings for one, other in zip(clips("abc", 5), clips("abd", 5), strict=True))
    assert seed_of("abc", "clip", 0) != seed_of("abd", "clip", 0)


def test_forty_clips_hold_everything_that_is_asked_for() -> None:
    every = clips("abc", 40)
    kinds = {event.kind for one in every for event in one.settings.events}
    assert {EventKind.LIGHT_SWITCH, EventKind.BUMP, EventKind.BAG_LEFT, EventKind.BAG_THROWN, EventKind.SMOKE} <= kinds
    assert {one.light for one in every} == {"colour", "dusk", "infrared"}
    for name in ("wind", "clouds", "rain", "windows"):
        assert {getattr(one.settings, name) for one in every} == {False, True}
    people = [one.settings.crowd.walkers + one.settings.crowd.still + one.settings.crowd.queueing for one in every]
    assert min(people) >= 4
    assert max(people) <= 25
    assert all(one.settings.crowd.still >= 1 for one in every)


def test_what_spoils_the_plate_is_over_when_use_is_judged() -> None:
    for one in clips("abc", 40):
        for event in one.settings.events:
            if event.kind in (EventKind.LIGHT_SWITCH, EventKind.BUMP):
                assert event.at_s < 50
                assert event.until_s < 60 or event.until_s == one.settings.seconds


def test_moments_are_named_by_what_happened_before_them() -> None:
    scenario = next(one for one in clips("abc", 8) if any(event.kind is EventKind.LIGHT_SWITCH for event in one.settings.events))
    at_s = next(event.at_s for event in scenario.settings.events if event.kind is EventKind.LIGHT_SWITCH)
    told = scenario.moments()
    assert "light_switch during" in told(at_s + 0.5)
    assert "light_switch after" in told(at_s + 5.0)
    assert told(at_s - 1.0) == []


def test_startups_hold_still_people_of_several_sizes_only() -> None:
    every = startups("abc", 6)
    assert len({one.settings.size for one in every}) == 3
    assert {one.light for one in every} == {"colour", "dusk", "infrared"}
    assert all(one.settings.crowd.walkers == 0 and one.settings.crowd.still > 0 for one in every)


def test_a_clip_is_measured_in_all_respects_in_one_pass_and_again_with_the_same_figures() -> None:
    pytest.importorskip("jupedsim")
    scenario = tiny(clips("abc", 1, 6.0)[0], parked=1)
    found = measured_with(scenario, Blind())
    assert found["frames"] == 30
    assert found["leak"]["all"]["instances"] > 20
    assert len(found["still"]) >= 1
    assert found["use"]["glyphs"]["all"]["people"] > 20
    assert found["use"]["glyphs"]["all"]["matched"] == 0
    assert len(found["use"]["hazards"]) == 1
    assert measured_with(scenario, Blind()) == found


def test_parked_cars_are_found_by_what_they_change() -> None:
    scenario = tiny(clips("abc", 1)[0], parked=2, events=())
    plaza = Plaza(scenario.settings, paths=[])
    mask = parked_cars(plaza, scenario)
    assert 0.002 < mask.mean() < 0.2
    without = tiny(clips("abc", 1)[0], parked=0, events=())
    assert not parked_cars(Plaza(without.settings, paths=[]), without).any()


def test_hazards_are_where_the_picture_changes() -> None:
    event = Event(kind=EventKind.BAG_LEFT, at_s=1.0, until_s=9.0)
    scenario = tiny(
        clips("abc", 1, 10.0)[0], events=(event,), parked=0, wind=False, clouds=False, rain=False, noise_sigma=0.0, clock=False, dusk=False
    )
    plaza = Plaza(scenario.settings, paths=[])
    (hazard,) = hazards(plaza, scenario)
    before, after = (shot.picture.astype(int) for shot in plaza.film([0, 25]))
    rows, columns = np.nonzero(np.abs(after - before).max(2) > 30)
    assert abs(np.median(columns) - hazard.px[0]) < 12
    assert abs(np.median(rows) - hazard.px[1]) < 12


def test_only_who_is_there_from_first_to_last_and_never_moves_is_still() -> None:
    def path(to_s: float, moved_m: float) -> Path:
        nothing = np.zeros(2)
        return Path(0, np.array([0.0, to_s]), np.array([[0.0, 9.0], [moved_m, 9.0]]), nothing, nothing, np.ones(2, np.uint8), 0)

    assert never_moves(path(60.0, 0.0), 60.0)
    assert not never_moves(path(30.0, 0.0), 60.0)
    assert not never_moves(path(60.0, 1.0), 60.0)


def test_compression_changes_a_picture_a_little_and_gives_one_for_each() -> None:
    rng = np.random.default_rng(1)
    picture = np.repeat(rng.integers(60, 110, (96, 128, 1)), 3, axis=2).astype(np.uint8)
    codec = h264(128, 96, 5)
    for received in (jpeg(picture), codec(picture), codec(picture)):
        difference = np.abs(received.astype(int) - picture)
        assert received.shape == picture.shape
        assert 0 < difference.mean() < 12
