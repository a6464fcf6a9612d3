"""Sites with rules, and what their cameras would have released, second by second: for tests of hazards."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np

from passerby.hazards.alert import Event, What
from passerby.hazards.engine import Engine
from passerby.hazards.rules.rule import Heard
from passerby.released.measurement import LinePulse, Pulse, ZonePulse
from passerby.released.messages import SceneMessage
from passerby.released.scene import Cell, GateHealth, GateState, Glyph, Kind, Level, Scene, Size
from passerby.site.reading import site_of
from passerby.site.settings import Site
from tests.support.site_files import SITE, camera_table

START_S: Final = 1_795_000_000
SIZE: Final = Size(640, 480)
BLOCK_PX: Final = 16
CELL_PX: Final = 20
GROUND: Final = "[1, 0, 0, 0, 1, 0, 0, 0, 1]"
ZONE: Final = '[[zone]]\ncamera = "gate-1"\nid = "stairs"\nname = "Stairs"\npolygon = [[100, 100], [300, 100], [300, 300], [100, 300]]\n'
LINE: Final = '[[line]]\ncamera = "gate-1"\nid = "exit"\npoints = [[100, 300], [400, 320]]\n'
QUIET: Final = "[hazards]\ncameras = false\n"
"""Without the rule that watches every camera."""


def rule(kind: str, **keys: str) -> str:
    """A table [[hazard]] with id "crowd"; the values of `keys` are TOML. `for` is written `for_`."""
    place = (
        {}
        if kind == "camera"
        else {"camera": '"gate-1"', ("line" if kind == "counter-flow" else "zone"): '"exit"' if kind == "counter-flow" else '"stairs"'}
    )
    told = {"id": '"crowd"', "kind": f'"{kind}"', **place, **{key.rstrip("_"): value for key, value in keys.items()}}
    return "\n".join(["", "[[hazard]]", *(f"{key} = {value}" for key, value in told.items())]) + "\n"


def site(text: str, *, extra: str = QUIET, zone: str = ZONE, site_keys: str = "", **camera: str) -> Site:
    """A site with one camera, one zone, one line and these tables. It must be without a problem."""
    whole = SITE + site_keys + extra + camera_table(**({"ground": GROUND} | camera)) + zone + LINE + text
    found, problems = site_of(whole, Path("folder") / "site.toml")
    assert found is not None, problems
    return found


def pulse(
    second: int, people: float = 0.0, *, most: int | None = None, ab: int = 0, ba: int = 0, camera: str = "gate-1", **zone: float | None
) -> Pulse:
    """A second of the camera, by its end, counted from the start."""
    told = ZonePulse("stairs", people, round(people) if most is None else most, **zone)  # type: ignore[arg-type]
    return Pulse(camera, float(START_S + second), 1.0, (told,), (LinePulse("exit", ab, ba),))


def moving(second: int, people: float, speeds_m_s: tuple[float, float, float], per_m2: float | None = None) -> Pulse:
    """A second in which so many move: their median speed, and their mean velocity along the ground's axes."""
    speed_m_s, east_m_s, north_m_s = speeds_m_s
    return pulse(second, people, speed_m_s=speed_m_s, east_m_s=east_m_s, north_m_s=north_m_s, per_m2=per_m2)


def crowd(second: int, per_m2: float, error: float = 0.3) -> Pulse:
    """A second of a zone of 10 square metres."""
    return pulse(second, 10 * per_m2, per_m2=per_m2, per_m2_error=error)


def person(x_px: int, y_px: int) -> Glyph:
    return Glyph(y_px, x_px, 60, 22, Kind.PERSON)


def scene(
    at_s: float,
    glyphs: Iterable[Glyph] = (),
    cells: Iterable[Cell] = (),
    *,
    state: GateState = GateState.WATCHING,
    shown: float = 1.0,
    level: Level = Level.GLYPHS,
    connection: int = 1,
    camera: str = "gate-1",
    away: bool = False,
) -> SceneMessage:
    """A scene captured so long after the start; `shown` is the share of the place that is; `away` = of another place than that of the zones."""
    sees = state in (GateState.WATCHING, GateState.SETTLING)
    blocks = (SIZE.width_px // BLOCK_PX) * (SIZE.height_px // BLOCK_PX)
    bits = np.arange(blocks) < round(shown * blocks)
    found = Scene(
        time_s=at_s,
        size=SIZE,
        level=level,
        plate_epoch=0,
        block_px=BLOCK_PX,
        shown=np.packbits(bits).tobytes(),
        patches=(),
        light=None,
        glyphs=tuple(sorted(glyphs)),
        cell_px=CELL_PX,
        cells=tuple(sorted(cells)),
        health=GateHealth(state, 1 - shown, 0.0, 0.0, False if away else True if sees else None),
    )
    return SceneMessage(camera, START_S + at_s, at_s, at_s, at_s, connection, False, found)


def run(engine: Engine, seconds: Iterable[int], heard: Callable[[int], Iterable[Heard]]) -> list[Event]:
    """The events of these seconds, counted from the start; `heard` gives what belongs to each."""
    events: list[Event] = []
    for second in seconds:
        for message in heard(second):
            engine.accept(message)
        events += engine.tick(START_S + second)
    return events


def told(events: Iterable[Event], *, updates: bool = False) -> list[tuple[int, What]]:
    """In which second what happened."""
    return [(round(event.wall_s - START_S), event.what) for event in events if updates or event.what is not What.UPDATED]
