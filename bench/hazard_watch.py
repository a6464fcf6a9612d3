"""Pictures of one camera through gate, meter and rules, as a worker and a site have them: what is told, and when somebody would know it."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Final, Protocol, TypeVar

import cv2

from bench.clips import Picture
from bench.hazard_world import START_S
from passerby.hazards.alert import Event, What
from passerby.hazards.engine import LAG_S, Engine
from passerby.measure.crowd import Crowd
from passerby.measure.meter import Meter
from passerby.released.measurement import Measurement, Pulse
from passerby.released.messages import SceneMessage
from passerby.released.scene import Size
from passerby.sealed.features.crowd import CrowdView
from passerby.sealed.gate.detector import Detector
from passerby.sealed.gate.gate import WITHHOLDS_ALL, Gate
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.worker.gated_camera import gate_settings
from passerby.sealed.worker.metering import crowd_of, crowd_view_of, meter_of
from passerby.site.orders import CameraOrder, CrowdModel
from passerby.site.planning import measured, order_of
from passerby.site.reading import site_of
from passerby.site.settings import Site

CAMERA: Final = "plaza"
ADDRESS: Final = "rtsp://127.0.0.1/x"
DETECTED, CORRECTED = "detected", "corrected"
Asked = TypeVar("Asked")
Found = TypeVar("Found")


class Timed(Protocol):
    """A picture with its time."""

    @property
    def time_s(self) -> float:
        """Seconds since the start."""
        ...

    @property
    def picture(self) -> Picture:
        """Height x width x 3, BGR."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that was opened, or that came back after its end.

    Attributes:
        rule: Its rule.
        at_s: When it was told, in seconds since the start, with the time that the engine waits for messages.
        words: What it says.
        how: Whether counts were those of the detector (DETECTED) or corrected by what people counted (CORRECTED).
        until_s: When it ended; None = it goes on.
        again: Whether it is one that had ended and came back, and no other alert.
    """

    rule: str
    at_s: float
    words: str
    how: str = DETECTED
    until_s: float | None = None
    again: bool = False


@dataclass(slots=True)
class _Rules:
    """A meter, and the rules that hear it."""

    how: str
    meter: Meter
    engine: Engine
    open: dict[str, int] = field(default_factory=dict)
    """By alert: its last place in what was told."""


def read_site(text: str) -> Site:
    """A site of one camera, from the text of its file."""
    site, problems = site_of(text, Path("bench") / "site.toml")
    if site is None:
        raise SystemExit(f"the bench's own site: {problems}")
    return site


def camera_order(site: Site) -> CameraOrder:
    """What a worker is told of the site's one camera, its zones and lines included."""
    return measured(order_of(site.cameras[0], ADDRESS), site)


class Watching:
    """One camera that is watched by the rules of a site.

    Args:
        site: Its rules, and one camera.
        size: Of its pictures.
        detector: Of the gate.
        corrections: By zone: what people counted; the rules are then read a second time, with counts that are corrected so.

    It looks as often as a gate does where a machine has time, until it is told to `look` less often.

    Attributes:
        told: What was opened so far, or came back.
        measured_s: So many seconds were measured: the gate could see, and knew the place.
        pulses: Called with each pulse and measurement of the detector's counts; None = nobody.
    """

    def __init__(self, site: Site, size: Size, detector: Detector, corrections: Mapping[str, CrowdModel] | None = None) -> None:
        order = camera_order(site)
        settings: GateSettings = gate_settings(order)
        self._detector = detector
        self._gate = Gate(size, settings, detector)
        self._view: CrowdView | None = crowd_view_of(order, size)
        self._rules = [_Rules(DETECTED, meter_of(order, size), Engine(site))]
        if corrections:
            corrected = _Rules(CORRECTED, meter_of(order, size), Engine(site))
            crowds: dict[str, Crowd | None] = {zone: crowd_of(model) for zone, model in corrections.items()}
            corrected.meter.correct(crowds)
            self._rules.append(corrected)
        self._camera = order.camera
        self._second = 0
        self.told: list[Told] = []
        self.measured_s = 0.0
        self.pulses: Callable[[object], None] | None = None

    @property
    def alerts(self) -> tuple[str, ...]:
        """In words: the alerts so far, each once."""
        return tuple(f"{one.rule}: {one.words} at {one.at_s:g} s" for one in self.told if not one.again)

    @property
    def is_corrected(self) -> bool:
        """Whether the rules are read with corrected counts, too."""
        return len(self._rules) > 1

    def look(self, times_a_second: float) -> None:
        """Looks so often from now on, and at as much less of what waits to be released, as on a machine that has less time."""
        self._gate.looks_hz = times_a_second

    def copied(self) -> "Watching":
        """Another one that knows and does the same, and shares the detector only."""
        return copy.deepcopy(self, {id(self._detector): self._detector})

    def see(self, picture: Picture, time_s: float) -> None:
        """Takes a picture. Before it, all seconds are read that a running site would have read by then."""
        self.read_until(time_s)
        looks = self._gate.wants_picture(time_s)
        scene = self._gate.see(picture, time_s)
        wall_s = START_S + time_s
        message = SceneMessage(self._camera, wall_s, time_s, time_s, time_s, 1, False, scene)
        blind = scene.health.state in WITHHOLDS_ALL
        sighting = None if blind else self._gate.sighting
        observed = self._gate.observed
        numbers = () if not looks or self._view is None or observed is None or sighting is None else self._view.of(observed, time_s)
        for rules in self._rules:
            rules.engine.accept(message)
            if not looks:
                continue
            known = sighting is not None and sighting.time_s == time_s
            for one in rules.meter.see(sighting, wall_s, numbers) if known and sighting is not None else rules.meter.blind(time_s, wall_s):
                rules.engine.accept(one)
                if rules.how == DETECTED:
                    self.measured_s += one.covered if isinstance(one, Pulse) else 0.0
                    self._hear(one)

    def _take(self, event: Event, rules: _Rules) -> None:
        """Notes what is told by an event, and what is over by it."""
        at_s, number = event.wall_s - START_S + LAG_S, rules.open.get(event.alert)
        if event.what in (What.ENDED, What.CLOSED) and number is not None and self.told[number].until_s is None:
            self.told[number] = replace(self.told[number], until_s=at_s)
        if event.what is What.OPENED and event.cause is not None:
            rules.open[event.alert] = len(self.told)
            self.told.append(Told(event.cause.rule, at_s, event.words, rules.how))
        elif event.what is What.RETURNED and number is not None:
            rules.open[event.alert] = len(self.told)
            self.told.append(replace(self.told[number], at_s=at_s, words=event.words, until_s=None, again=True))

    def _hear(self, one: Pulse | Measurement) -> None:
        if self.pulses is not None:
            self.pulses(one)

    def read_until(self, time_s: float) -> None:
        """Reads the rules for each second that ended LAG_S before this time, or earlier."""
        while self._second + 1 + LAG_S <= time_s + 1e-6:
            self._second += 1
            for rules in self._rules:
                for event in rules.engine.tick(START_S + self._second):
                    self._take(event, rules)
                if rules.engine.failing:
                    raise SystemExit(f"rules fail: {dict(rules.engine.failing)}")


def mapped(work: Callable[[Asked], Found], asked: Sequence[Asked], jobs: int) -> Iterator[Found]:
    """The work done for each, in processes of their own; what comes out is in the order of what was asked."""
    if jobs <= 1:
        yield from map(work, asked)
        return
    # A process that has run a detector has threads: whoever is forked off it waits for them for ever.
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.map(work, asked, chunksize=1)
