"""Incidents, normal life and real clips through pixels, in small: a few seconds of pictures through gate, meter and rules."""

from pathlib import Path as File

import cv2
import numpy as np
import pytest

from bench.hazard_clips import CARS, REAL, looped, site_of_clip, there_and_back
from bench.hazard_places import DENSITY, FOR_S, OCCUPANCY, QUEUE, SIZE, SQUARE, STAIRS, TRACKS, ZONES_M, area_m2, site_of_plaza, within
from bench.hazard_staging import BAGS_M, BEGINS_S, MOST_S, SCENES, Staged, bags_at, passers, way
from bench.hazard_through import Clip, Incident, PlaceClips, clips_of, found_of, through_rows
from bench.hazard_watch import CORRECTED, Told, Watching
from bench.hazard_world import START_S
from passerby.errors import WeightsError
from passerby.hazards.alert import Cause, Event, What
from passerby.redact.detection import load_detector
from passerby.released.measurement import CrowdNumbers, Pulse
from passerby.sealed.gate.detector import Detector
from passerby.simulate.camera import Camera
from passerby.simulate.events import Event as Happening
from passerby.simulate.events import EventKind
from passerby.simulate.happenings import Happenings
from passerby.simulate.path import Path
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.site.orders import CrowdModel
from passerby.site.settings import Site

FPS = 5
ENTERS_S = 1.0


@pytest.fixture(scope="module")
def detector() -> Detector:
    try:
        return load_detector("yolox-nano", "cpu").detector
    except WeightsError as error:
        pytest.skip(f"no weights: {error}")


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
    """A correction that always says many: somebody counted sixty, whatever was seen. Six stand on the stairs, and nobody is on the tracks."""
    area = area_m2(STAIRS)
    counts = tuple((60.0, CrowdNumbers(float(number), 1.0 + number, 0.5 + number, area)) for number in range(10))
    corrections = {STAIRS: CrowdModel(counts, 2.0, 1.2, 1.4, 0.18)}
    watching = Watching(site_that_learns_quickly(), SIZE, detector, corrections)
    assert watching.is_corrected
    spots = [(-1.5 + 0.6 * number, 8.6 + 0.6 * number) for number in range(6)]
    people = [way(number, [(5, -6, y), (8.5, x, y), (13, x, y)], sway=0.05) for number, (x, y) in enumerate(spots)]
    for shot in plaza(people, 13):
        watching.see(shot.picture, shot.time_s)
    assert len(spots) < DENSITY * area < 60
    assert [(one.rule, one.how) for one in watching.told] == [("density", CORRECTED)]


def site_that_learns_quickly() -> Site:
    """The site with a rule on density alone that need not wait for long."""
    site = site_of_plaza()
    camera = site.cameras[0].model_copy(update={"settle_s": 3.0})
    hazards = [one.model_copy(update={"for_s": 3.0}) for one in site.hazards if one.id == "density"]
    return site.model_copy(update={"cameras": (camera,), "hazards": tuple(hazards)})


class Engine:
    """Rules that say what they are told to, at the end of the second."""

    failing: tuple[str, ...] = ()

    def __init__(self, *events: tuple[int, What, str]) -> None:
        self._events = events

    def tick(self, wall_s: float) -> list[Event]:
        cause = Cause(camera="plaza", rule="queue", place="desk")
        return [
            Event(alert=alert, number=0, what=what, wall_s=wall_s, words=f"{what}", cause=cause if what is What.OPENED else None)
            for second, what, alert in self._events
            if START_S + second == wall_s
        ]


def test_an_alert_is_over_when_it_ended_and_told_again_where_it_comes_back(detector: Detector) -> None:
    watching = Watching(site_of_plaza(), SIZE, detector)
    watching._rules[0].engine = Engine(  # type: ignore[assignment]
        (2, What.OPENED, "a"), (4, What.ENDED, "a"), (6, What.RETURNED, "a"), (7, What.OPENED, "b"), (8, What.CLOSED, "b"), (9, What.UPDATED, "a")
    )
    watching.read_until(12.0)
    assert [(one.at_s, one.until_s, one.again) for one in watching.told] == [(3.0, 5.0, False), (7.0, None, True), (8.0, 9.0, False)]
    assert [words.split(": ")[1] for words in watching.alerts] == ["opened at 3 s", "opened at 8 s"]


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
    events = bags_at(far_m, [Happening(EventKind.BAG_LEFT, 45.0)], seed, SIZE)
    happenings = Happenings(Camera.over_plaza(SIZE), seed, events)
    assert [y for _, y in happenings.seen(50.0).bags_m] == [far_m]
    assert all(happenings.seen(frame / FPS).bags_m == () for frame in range(45 * FPS))


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


QUEUE_ONSET_S = 60.0


@pytest.mark.parametrize(
    ("told", "late_s", "early"),
    [
        ([], None, False),
        ([Told("queue", QUEUE_ONSET_S + 33, "")], 3.0, False),
        # What ended before the onset was told for nothing: the next one counts.
        ([Told("queue", 50.0, "", until_s=55.0), Told("queue", QUEUE_ONSET_S + 33, "", again=True)], 3.0, False),
        ([Told("queue", 50.0, "", until_s=55.0)], None, False),
        # What goes on at the onset can tell it no more: neither found nor missed.
        ([Told("queue", 30.0, "")], None, True),
        ([Told("queue", 50.0, "", until_s=70.0)], None, True),
        ([Told("queue", 50.0, "", until_s=70.0), Told("queue", QUEUE_ONSET_S + 40, "")], 10.0, False),
        ([Told("queue", QUEUE_ONSET_S - 0.5, "")], -30.5, False),
        ([Told("queue", QUEUE_ONSET_S + 33, "", CORRECTED), Told("static", QUEUE_ONSET_S + 33, "")], None, False),
    ],
)
def test_an_alert_before_the_onset_is_none_of_the_incident(told: list[Told], late_s: float | None, *, early: bool) -> None:
    (clip,) = clips_of(Incident(0, "day", 5.0, ""), Staged({"queue": QUEUE_ONSET_S}, ()), told, 0, corrected=False)
    assert (clip.late_s, clip.early, clip.is_missed) == (late_s, early, late_s is None and not early)
    found = found_of([PlaceClips((clip,), ())], 42.0)["rules"]["queue"]
    assert (found["found"], found["early"], len(found["missed"])) == (late_s is not None, early, late_s is None and not early)
    (row, _) = through_rows({"rules": {"queue": found}, "before": {"seconds": 42.0, "alerts": []}})
    assert ("early 1" in row[-1]) is early
