"""Rules tried on recordings: which files, whose rules, what is written down first, and how often they would have warned.

To try rules on recordings is to view them: it says when somebody stood where. So it is in the receipts before the first scene is read (invariant I7),
and what is due for deletion is left out (I8).
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from passerby.clock import Clock
from passerby.errors import RecordingError, SettingsError, SiteError
from passerby.hazards.alert import Event
from passerby.hazards.replaying import Basis, Firing, Replay, Tried, lead_s, tried_rules
from passerby.measure.ground import GroundPlane
from passerby.record.folder import CLOSED, CameraFolder, found
from passerby.record.kept_minutes import KeptMinutes
from passerby.record.places import RecordingsPlace, opened_place
from passerby.record.playback import play, segments_between
from passerby.record.receipts import Act, Receipt, ReceiptSink
from passerby.released.messages import SceneMessage
from passerby.site.consistency import inconsistencies
from passerby.site.expected import problems_of_faults
from passerby.site.problem import site_error
from passerby.site.reading import read_site, read_text, site_of
from passerby.site.settings import Camera, Site

UNDER_WAY_S: Final = 15.0
"""What is newer may not be on the disk yet."""
WHY: Final = "rules were tried on them"
LONGEST_S: Final = 31 * 86400.0
SEEN_S: Final = 2.5
"""A scene is recorded each second at least: so long it says how the place is."""
RULES_MAY_HOLD: Final = ("hazards", "hazard", "zone", "line")
"""Sections of a file that holds rules and no whole site; each replaces that of the site file."""
Progress = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class ReplayOrder:
    """What is tried: a site's rules, on which recordings, of [from_s, to_s) by the wall clock, by whom."""

    site: Site
    place: RecordingsPlace
    from_s: float
    to_s: float
    by: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it.

    Attributes:
        from_s, to_s: The time that was tried, seconds since 1970 UTC.
        tried: The rules, in the order of the site file.
        firings: The alerts that there would have been, the oldest first.
        recorded_s: Seconds of the time of which there are recordings, by camera.
        events: All that would have been told, of one camera after the other, from before `from_s` on.
        late: Scenes that were left out, as the clock had been set back before them.
        failing: Rules that raised, by id: the class of the error.
    """

    from_s: float
    to_s: float
    tried: tuple[Tried, ...]
    firings: tuple[Firing, ...]
    recorded_s: Mapping[str, float]
    events: tuple[Event, ...]
    late: int
    failing: Mapping[str, str]

    def of(self, rule: Tried) -> list[Firing]:
        """The alerts of one rule at one place."""
        return [one for one in self.firings if one.cause == rule.cause]


def opened_rules(place: Path, rules: Path | None) -> tuple[RecordingsPlace, Site]:
    """The recordings that a site.toml or a state folder names, and the site with the rules that are to be tried.

    Args:
        place: The site.toml, or the state folder.
        rules: A whole site file, or one with rules only, which stand in place of those of the site.toml; None = those of the site.toml itself.

    Raises:
        SettingsError: There are no rules, or no zones that they could be of.
        SiteError: A file cannot be used.
        RecordingError: There are no recordings.
    """
    opened = opened_place(place)
    if rules is None:
        if place.is_dir():
            raise SettingsError("a state folder holds no rules", "give the site.toml, or a file with --rules")
        return opened, read_site(place)
    document = _document(read_text(rules), rules)
    if "site" in document or "camera" in document:
        site, problems = site_of(read_text(rules), rules)
        if site is None:
            raise site_error(rules.name, problems)
        return opened, site
    if place.is_dir():
        raise SettingsError(
            f"'{rules.name}' holds rules and no cameras or zones", "give the site.toml in place of the state folder, or a whole site file"
        )
    others = sorted(set(document) - set(RULES_MAY_HOLD))
    if others:
        raise SettingsError(f"'{rules.name}' holds what is no rule: {', '.join(others)}", f"it may hold {', '.join(RULES_MAY_HOLD)}, or a whole site")
    read_site(place)
    return opened, _site_of({**_document(read_text(place), place), **document}, rules)


def replay(order: ReplayOrder, receipts: ReceiptSink, clock: Clock, progress: Progress = bool) -> Replayed:
    """Tries rules on recordings.

    Args:
        order: What is tried.
        receipts: Where it is written down first, for each camera.
        clock: Time.
        progress: Is told which part has been done, 0 to 1.

    Raises:
        RecordingError: There are none of that time, or they cannot be read.
        ReceiptError: It could not be written down: nothing was read.
    """
    from_s, to_s = float(floor(order.from_s)), float(min(ceil(order.to_s), floor(clock.wall_s() - UNDER_WAY_S)))
    if not 0 < to_s - from_s <= LONGEST_S:
        raise RecordingError("the end is not after the beginning, or more than 31 days", "try a shorter time")
    begin_s = from_s - lead_s(order.site)
    kept = KeptMinutes(order.place.recordings, clock, assumed_s=order.place.retention_s)
    cameras = [one.id for one in order.site.cameras if _has_any(order.place.recordings, one.id, from_s, to_s, kept)]
    if not cameras:
        raise RecordingError("there are no recordings of these cameras from this time", "passerby recordings list says what there is")
    tried = tried_rules(order.site, cameras)
    watched = sorted({one.cause.camera for one in tried if one.basis is not Basis.NOTHING})
    wall_s = clock.wall_s()
    for camera in watched:
        receipts.write(Receipt(kind=Act.VIEWED, wall_s=wall_s, by=order.by, camera=camera, from_s=begin_s, to_s=to_s, why=WHY))
    firings: list[Firing] = []
    events: list[Event] = []
    recorded, late, failing = dict.fromkeys(cameras, 0.0), 0, dict[str, str]()
    areas = areas_of(order.site)
    for number, camera in enumerate(watched):
        done = number / len(watched)
        replaying = Replay(order.site, [one for one in tried if one.cause.camera == camera], areas)
        scenes = _scenes(order, camera, (begin_s, to_s), kept)
        recorded[camera] = _replay_camera(replaying, scenes, from_s, to_s, lambda part, done=done: progress(done + part / len(watched)))  # type: ignore[misc]
        firings += replaying.firings(from_s, to_s)
        events += replaying.events
        late += replaying.late
        failing |= replaying.failing
    firings.sort(key=lambda one: (one.opened_s, one.cause))
    return Replayed(from_s, to_s, tried, tuple(firings), recorded, tuple(events), late, failing)


def _replay_camera(replaying: Replay, scenes: Iterator[SceneMessage], from_s: float, to_s: float, progress: Progress) -> float:
    """Has a camera's scenes read second by second, from the first one on; of how many seconds of [from_s, to_s) there are any."""
    upcoming = next(scenes, None)
    if upcoming is None:
        return 0.0
    recorded_s, newest_s = 0.0, upcoming.captured_wall_s
    first = floor(upcoming.captured_wall_s) + 1
    for second in range(first, round(to_s) + 1):
        while upcoming is not None and upcoming.captured_wall_s <= second:
            replaying.accept(upcoming)
            newest_s = max(newest_s, upcoming.captured_wall_s)
            upcoming = next(scenes, None)
        replaying.read(second)
        recorded_s += second > from_s and newest_s > second - SEEN_S
        if second % 60 == 0:
            progress((second - first) / max(1.0, to_s - first))
    return recorded_s


def areas_of(site: Site) -> dict[tuple[str, str], float]:
    """Areas of zones on the ground, by camera and zone, as the worker measures by them; those of no known ground are missing."""
    found = {}
    for camera in site.cameras:
        plane = _plane_of(site, camera)
        for zone in site.zones:
            if zone.camera == camera.id and plane is not None:
                try:
                    found[camera.id, zone.id] = plane.area_m2(zone.polygon)
                except SettingsError:  # it reaches above the horizon
                    continue
    return found


def _plane_of(site: Site, camera: Camera) -> GroundPlane | None:
    points = [point for zone in site.zones if zone.camera == camera.id for point in zone.polygon]
    points += [point for line in site.lines if line.camera == camera.id for point in line.points]
    return None if camera.ground is None or not points else GroundPlane.of(camera.ground, max(points, key=lambda point: point[1]))


def _has_any(recordings: Path, camera: str, from_s: float, to_s: float, kept: KeptMinutes) -> bool:
    folder, may_show = CameraFolder(recordings, camera), kept.of(camera)
    return any(may_show(name) and found(folder.segment(name, CLOSED)) is not None for name in segments_between(folder, from_s, to_s))


def _scenes(order: ReplayOrder, camera: str, span: tuple[float, float], kept: KeptMinutes) -> Iterator[SceneMessage]:
    """The recorded scenes of a camera, as its worker said them, in the order in which they were recorded."""
    for played in play(order.place.recordings, camera, *span, may_show=kept.of(camera), pixels=False):
        yield SceneMessage(camera, played.captured_wall_s, 0.0, 0.0, None, played.connection, False, played.scene)


def _document(text: str, path: Path) -> dict[str, Any]:
    """A file as TOML; what is wrong with its text is told as of a site file."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        problems = site_of(text, path)[1]
        raise (site_error(path.name, problems) if problems else SiteError(f"'{path}': is no TOML")) from error


def _site_of(document: dict[str, Any], path: Path) -> Site:
    """The site of a document that was put together. Raises SiteError, which names keys and no lines."""
    problems = []
    site = None
    try:
        site = Site.model_validate(document, context={"folder": path.absolute().parent})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=True)
        problems = list(problems_of_faults([(fault["type"], tuple(fault["loc"]), fault["input"]) for fault in faults]))
    problems += inconsistencies(document)
    if site is None or problems:
        raise site_error(path.name, tuple({problem.key: problem for problem in reversed(problems)}.values())[::-1])
    return site
