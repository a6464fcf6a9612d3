"""Incidents, normal life and real clips through pixels, in small: a few seconds of pictures through gate, meter and rules."""

from pathlib import Path as File

import cv2
import numpy as np
import pytest

from bench.hazard_clips import CARS, REAL, looped, site_of_clip, there_and_back
from bench.hazard_normal import EDGE_M, NEAR_LIMIT, Room
from bench.hazard_places import AGAINST, FOR_S, OCCUPANCY, QUEUE, SIZE, SQUARE, STAIRS, TRACKS, ZONES_M, area_m2, site_of_plaza, within
from bench.hazard_staging import BAGS_M, BEGINS_S, MOST_S, SCENES, Staged, bags_at, passers, way
from bench.hazard_through import Clip, Incident, PlaceClips, found_of, through_rows
from bench.hazard_watch import CORRECTED, DETECTED, Watching
from passerby.redact.detection import load_detector
from passerby.released.measurement import CrowdNumbers, Pulse
from passerby.sealed.gate.detector import Detector
from passerby.simulate.camera import Camera
from passerby.simulate.events import Event, EventKind
from passerby.simulate.happenings import Happenings
from passerby.simulate.path import Path
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.site.orders import CrowdModel

FPS = 5
ENTERS_S = 1.0


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector("yolox-nano", "cpu").detector


def plaza(paths: list[Path], seconds: float) -> Plaza:
    return Plaza(SimulationSettings(size=SIZE, fps=FPS, seconds=seconds), paths=paths)


def on_the_tracks(seconds: float) -> Path:
    """Somebody who walks to and fro on the tracks."""
    left, near, right, far = ZONES_M[TRACKS]
    y = (near + far) / 2
    return way(0, [(ENTERS_S, left + 0.4, y), (ENTERS_S + 2.5, right - 0.4, y), (ENTERS_S + 5, left + 0.4, y), (seconds, right - 0.4, y)])


def people_in(zone: str, paths: tuple[Path, ...], time_s: float) -> int:
    there = np.array([path.at(time_s).xy_m for path in paths if path.present(time_s)]).reshape(-1, 2)
    return int(within(there, zone).sum())


def test_somebody_on_the_tracks_is_told_through_pixels_and_an_empty_place_is_not(detector: Detector) -> None:
    told = {}
    for name, paths in (("somebody", [on_the_tracks(8)]), ("nobody", list[Path]())):
        watching = Watching(site_of_plaza(), SIZE, detector)
        for shot in plaza(paths, 8):
            watching.see(shot.picture, shot.time_s)
        told[name] = watching.told
    assert [one.rule for one in told["somebody"]] == ["forbidden"]
    assert told["nobody"] == []
    # Two seconds of the rule and one of the engine; half a second for counts and looks.
    assert ENTERS_S + FOR_S["forbidden"] + 1 <= told["somebody"][0].at_s <= ENTERS_S + FOR_S["forbidden"] + 3


def test_a_copy_goes_on_as_the_one_that_it_was_copied_from(detector: Detector) -> None:
    first, copied = Watching(site_of_plaza(), SIZE, detector), None
    shots = list(plaza([on_the_tracks(7)], 7))
    heard: dict[str, list[object]] = {"first": [], "copy": []}
    for shot in shots[:15]:
        first.see(shot.picture, shot.time_s)
    copied = first.copied()
    first.pulses, copied.pulses = heard["first"].append, heard["copy"].append
    for shot in shots[15:]:
        first.see(shot.picture, shot.time_s)
    assert copied.told == []
    for shot in shots[15:]:
        copied.see(shot.picture, shot.time_s)
    assert copied.told == first.told != []
    assert heard["copy"] == heard["first"]
    tracks = [next(zone for zone in pulse.zones if zone.zone == TRACKS) for pulse in heard["first"] if isinstance(pulse, Pulse)]
    assert any(zone.people > 0.5 for zone in tracks)


def test_rules_are_read_with_corrected_counts_beside_those_of_the_detector(detector: Detector) -> None:
    # A correction that always says many: somebody counted forty, whatever was seen.
    area = area_m2(STAIRS)
    counts = tuple((40.0, CrowdNumbers(float(number), 1.0 + number, 0.5 + number, area)) for number in range(10))
    watching = Watching(site_of_plaza(), SIZE, detector, {STAIRS: CrowdModel(counts, 2.0, 1.2, 1.4, 0.18)})
    assert watching.is_corrected
    for shot in plaza([on_the_tracks(6)], 6):
        watching.see(shot.picture, shot.time_s)
    assert {one.how for one in watching.told if one.rule == "forbidden"} == {DETECTED, CORRECTED}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_incident_begins_in_time_and_is_over_before_the_clip_is(scene: str, seed: int) -> None:
    staged = SCENES[scene](np.random.default_rng(seed), passers(np.random.default_rng(seed)))
    assert staged.onsets_s
    assert all(onset_s >= BEGINS_S for onset_s in staged.onsets_s.values())
    assert staged.ends_s <= MOST_S
    assert all(path.times_s[0] >= BEGINS_S - 0.1 for path in staged.paths)


@pytest.mark.parametrize(
    ("scene", "rule", "zone", "least"),
    [
        ("crowd", "density", STAIRS, 2.15 * area_m2(STAIRS)),
        ("occupancy", "occupancy", SQUARE, OCCUPANCY),
        ("tracks", "occupied", TRACKS, 1),
        ("queue", "queue", "desk", QUEUE),
    ],
)
@pytest.mark.parametrize("seed", range(8))
def test_what_is_staged_is_so_for_as_long_as_the_rule_waits_and_not_before(scene: str, rule: str, zone: str, least: float, seed: int) -> None:
    others = passers(np.random.default_rng(seed))
    staged: Staged = SCENES[scene](np.random.default_rng(seed), others)
    everybody, onset_s = (*staged.paths, *others), staged.onsets_s[rule]
    after = [people_in(zone, everybody, onset_s + 1.5 + one) for one in range(int(FOR_S[rule]) + 2)]
    # The mean of a second counts: one who steps over the border for a moment is no matter.
    assert sorted(after)[1] >= least
    assert np.mean([people_in(zone, everybody, onset_s - 1.0 + step / 10) for step in range(10)]) < least


@pytest.mark.parametrize("far_m", BAGS_M)
@pytest.mark.parametrize("seed", range(4))
def test_a_bag_lies_as_far_off_as_it_is_asked_to(far_m: float, seed: int) -> None:
    events = bags_at(far_m, [Event(EventKind.BAG_LEFT, 45.0)], seed, SIZE)
    happenings = Happenings(Camera.over_plaza(SIZE), seed, events)
    assert [y for _, y in happenings.seen(50.0).bags_m] == [far_m]
    assert all(happenings.seen(frame / FPS).bags_m == () for frame in range(45 * FPS))


def test_who_would_bring_a_rule_near_its_limit_is_left_out_of_normal_life() -> None:
    room = Room(120.0)
    assert not room.takes(on_the_tracks(60))
    left, near, right, _ = ZONES_M[TRACKS]
    beside = [way(0, [(1, left, near - away_m), (9, right, near - away_m)]) for away_m in (EDGE_M - 0.1, EDGE_M + 0.1)]
    assert [room.takes(path) for path in beside] == [False, True]
    against = [way(number, [(10 + number, 5.0, 10.0), (20 + number, -5.0, 10.0)]) for number in range(6)]
    taken = sum(room.takes(path) for path in against)
    assert taken * 60 / FOR_S["counter-flow"] <= NEAR_LIMIT * AGAINST
    assert taken > 0
    room = Room(120.0)
    standing = [way(number, [(1, -3.0 + 0.4 * number, 16.0), (100, -3.0 + 0.4 * number, 16.0)]) for number in range(15)]
    assert sum(room.takes(path) for path in standing) == int(NEAR_LIMIT * OCCUPANCY)


def test_a_clip_that_goes_there_and_back_has_no_seam() -> None:
    numbers = there_and_back(4)
    assert [next(numbers) for _ in range(11)] == [0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2]


@pytest.mark.parametrize("clip", REAL, ids=lambda clip: str(clip.name))
def test_rules_of_real_clips_are_those_of_a_site_file(clip: object) -> None:
    site = site_of_clip(clip)  # type: ignore[arg-type]
    assert len(site.hazards) == len(clip.rules)  # type: ignore[attr-defined]
    assert (site.cameras[0].ground is not None) == any(rule.kind in ("density", "surge") for rule in site.hazards)


def test_a_real_clip_is_watched_again_and_again(detector: Detector, tmp_path: File) -> None:
    cars = next(clip for clip in REAL if clip.name == CARS)
    found = {}
    for name, paths in (("somebody", [on_the_tracks(6)]), ("nobody", list[Path]())):
        writer = cv2.VideoWriter(str(tmp_path / f"{name}.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 12.5, (SIZE.width_px, SIZE.height_px))
        for shot in plaza(paths, 5):
            for _ in range(cars.every):
                writer.write(shot.picture)
        writer.release()
        found[name] = looped(cars, tmp_path / f"{name}.avi", 12.0, detector)
    assert found["nobody"].alerts == ()
    assert any(alert.startswith("forbidden") for alert in found["somebody"].alerts)
    assert found["somebody"].clip_s == pytest.approx(10.0)


def test_shares_are_of_all_clips_of_a_rule() -> None:
    def clip(number: int, late_s: float | None) -> Clip:
        return Clip("density", Incident(number, ("day", "dusk")[number % 2], 5.0, ""), late_s, ("rise",))

    found = found_of([PlaceClips(tuple(clip(number, None if number == 3 else float(number)) for number in range(20)), ("a word",))], 42.0)
    density = found["rules"]["density"]
    assert (density["clips"], density["found"], density["by_condition"]) == (20, 19, {"day": "10/10", "dusk": "9/10"})
    assert density["bound"] == pytest.approx(0.784, abs=1e-3)
    assert density["missed"] == [(3, "dusk", 5.0, "")]
    assert density["late_s"]["most"] == 19.0
    assert found["before"] == {"seconds": 42.0, "alerts": ["a word"]}
    assert [row[1] for row in through_rows(found)] == ["19 of 20; day 10/10  dusk 9/10", "42 s"]
