"""Real clips through pixels, again and again until they are an hour: what rules tell where nothing happens that they are there for.

A clip goes forwards and backwards in turn, so that nobody is somewhere else from one picture to the next: at its ends the picture stands for one look
more, and everybody turns round. A new gate for each round would spend most of a short clip on learning the place; here it learns it once. The price:
who goes one way comes back the other way, so limits of flows are above what goes either way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.clips import Picture, frames_of
from bench.hazard_normal import LEARNS_S
from bench.hazard_trials import most_an_hour
from bench.hazard_watch import ADDRESS, CAMERA, Watching, mapped, read_site
from bench.samples import CAR_CLIP, ONE_BY_ONE_CLIP, pets_clip, sample
from passerby.redact.detection import load_detector
from passerby.released.scene import Size
from passerby.sealed.gate.detector import Detector
from passerby.site.settings import Site

HOUR_S: Final = 3600.0
SMALL_S: Final = 60.0
PETS, ONE_BY_ONE, CARS = "PETS", "one by one", "cars"
PETS_GROUND: Final = (26.313057, -22.453039, 353.883894, -2.385084, 0.148452, 177.461616, 0.022542868794, 0.014841298687, 1.0)
"""From metres to pixels: fitted to the feet and the places on the ground of the clip's annotation; half of them are off by 0.6 px or less."""
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class RealClip:
    """A clip and its rules.

    Attributes:
        name: Of the clip.
        hz: Its pictures a second as the scene went.
        every: Each so many'th picture is taken: 2 to 3 looks a second.
        zones: Left, top, right, bottom in pixels, and the kind.
        lines: Both ends.
        rules: Kind, place, and what else its table says.
        ground: Nine numbers; empty = not known.
    """

    name: str
    hz: float
    every: int
    zones: tuple[tuple[str, Box, str], ...]
    lines: tuple[tuple[str, Box], ...]
    rules: tuple[tuple[str, str, str], ...]
    ground: tuple[float, ...] = ()


REAL: Final = (
    # Nobody's foot is ever in `closed`, at most eight people are there, nobody stands for longer than eleven seconds, by the annotation.
    RealClip(
        PETS,
        hz=7.0,
        every=3,
        zones=(
            ("place", (0, 100, 767, 575), "walking"),
            ("middle", (280, 180, 520, 360), "walking"),
            ("closed", (440, 440, 660, 520), "walking"),
            ("bend", (540, 180, 740, 330), "queue"),
        ),
        lines=(("gate", (330, 250, 620, 330)),),
        rules=(
            ("density", "middle", "rise = 1.0\n"),
            ("occupancy", "place", "limit = 12\n"),
            ("forbidden", "closed", ""),
            ("counter-flow", "gate", 'direction = "ab"\nlimit = 12\n'),
            ("surge", "place", ""),
            ("left-object", "middle", 'for = "1 min"\n'),
            ("static", "middle", 'for = "1 min"\n'),
            ("queue", "bend", 'limit = 8\nfor = "30 s"\n'),
        ),
        ground=PETS_GROUND,
    ),
    # One person at a time, each standing at a table for half a minute at most; nobody when the clip begins and ends. Nobody's feet are on the wall.
    RealClip(
        ONE_BY_ONE,
        hz=10.0,
        every=4,
        zones=(("floor", (0, 250, 767, 431), "walking"), ("wall", (120, 20, 360, 200), "walking"), ("table", (300, 250, 700, 431), "queue")),
        lines=(("across", (460, 250, 460, 431)),),
        rules=(
            ("occupancy", "floor", "limit = 2\n"),
            ("forbidden", "wall", ""),
            ("counter-flow", "across", 'direction = "ab"\n'),
            ("left-object", "floor", 'for = "1 min"\n'),
            ("static", "floor", 'for = "1 min"\n'),
            ("queue", "table", 'limit = 3\nfor = "30 s"\n'),
        ),
    ),
    # Four cars drive by, and nobody is on foot.
    RealClip(
        CARS,
        hz=12.5,
        every=5,
        zones=(("road", (60, 40, 700, 420), "walking"), ("queue", (60, 40, 700, 420), "queue")),
        lines=(("across", (384, 20, 384, 420)),),
        rules=(
            ("occupancy", "road", "limit = 1\n"),
            ("forbidden", "road", ""),
            ("counter-flow", "across", 'direction = "ab"\n'),
            ("left-object", "road", 'for = "1 min"\n'),
            ("static", "road", 'for = "1 min"\n'),
            ("queue", "queue", 'limit = 1\nfor = "30 s"\n'),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Looped:
    """A clip: how long it was watched, for how much of that the gate could see and counted, how long it is itself, its rules, what was told."""

    name: str
    seconds: float
    measured_s: float
    clip_s: float
    rules: tuple[str, ...]
    alerts: tuple[str, ...]


def site_of_clip(clip: RealClip) -> Site:
    """The clip's site."""
    text = f'[site]\nname = "Bench"\n[[camera]]\nid = "{CAMERA}"\nsource = "{ADDRESS}"\npurpose = "Rules are measured."\n'
    text += f"ground = {list(clip.ground)}\n" if clip.ground else ""
    for zone, (left, top, right, bottom), kind in clip.zones:
        polygon = [[left, top], [right, top], [right, bottom], [left, bottom]]
        text += f'[[zone]]\ncamera = "{CAMERA}"\nid = "{zone}"\nkind = "{kind}"\npolygon = {polygon}\n'
    for line, (ax, ay, bx, by) in clip.lines:
        text += f'[[line]]\ncamera = "{CAMERA}"\nid = "{line}"\npoints = [[{ax}, {ay}], [{bx}, {by}]]\n'
    for kind, place, more in clip.rules:
        at = "line" if kind == "counter-flow" else "zone"
        text += f'[[hazard]]\nid = "{kind}"\nkind = "{kind}"\ncamera = "{CAMERA}"\n{at} = "{place}"\n{more}'
    return read_site(text)


def there_and_back(count: int) -> Iterator[int]:
    """Numbers 0, 1, ..., count - 1, count - 1, ..., 0, 0, 1, ... without end: no step is longer than one."""
    return cycle([*range(count), *reversed(range(count))])


def looped(clip: RealClip, path: Path, seconds: float, detector: Detector) -> Looped:
    """Watches a clip forwards and backwards for so long."""
    kept = [_packed(picture) for picture in islice(frames_of(path), 0, None, clip.every)]
    height_px, width_px = _unpacked(kept[0]).shape[:2]
    hz = clip.hz / clip.every
    watching = Watching(site_of_clip(clip), Size(width_px, height_px), detector)
    for number, frame in enumerate(islice(there_and_back(len(kept)), round(seconds * hz))):
        if number / hz >= LEARNS_S:
            watching.look(hz)
        watching.see(_unpacked(kept[frame]), number / hz)
    rules = tuple(kind for kind, _, _ in clip.rules)
    return Looped(clip.name, seconds, watching.measured_s, len(kept) / hz, rules, watching.alerts)


def clips(jobs: int, *, small: bool) -> list[Looped]:
    """All clips that can be had, each for the same time."""
    each_s = (SMALL_S if small else HOUR_S) / len(REAL)
    found = []
    for one in mapped(_looped, [(number, each_s) for number in range(len(REAL))], jobs):
        if one is not None:
            found.append(one)
            print(f"  {one.name}: {one.seconds:g} s; alerts: {'; '.join(one.alerts) or 'none'}", flush=True)
    return found


def clip_rows(found: Sequence[Looped]) -> Iterator[list[str]]:
    """Rows of the table."""
    for one in found:
        what = f"{one.seconds / 60:.3g} min of {one.clip_s:.0f} s"
        yield [f"false alerts, real clip '{one.name}'", what, f"{len(one.alerts)}", "", f"measured {one.measured_s / 60:.3g} min"]
    hours, alerts = sum(one.seconds for one in found) / 3600, sum(len(one.alerts) for one in found)
    if found:
        yield ["false alerts, real clips", f"{hours:.2g} h", f"{alerts}; <= {most_an_hour(alerts, hours):.2f} an hour", "<= 1 in all", ""]


def clip_json(found: Sequence[Looped]) -> list[dict[str, Any]]:
    """The same for JSON."""
    return [{name: getattr(one, name) for name in Looped.__slots__} for one in found]


def _packed(picture: Picture) -> NDArray[np.uint8]:
    """A picture without loss in half of the memory: a clip is held whole."""
    return np.asarray(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1], np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> Picture:
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def _path_of(name: str) -> Path | None:
    return pets_clip(print) if name == PETS else sample(ONE_BY_ONE_CLIP if name == ONE_BY_ONE else CAR_CLIP, print)


def _looped(asked: tuple[int, float]) -> Looped | None:
    number, seconds = asked
    path = _path_of(REAL[number].name)
    return None if path is None else looped(REAL[number], path, seconds, load_detector("yolox-nano", "cpu").detector)
