"""From an onset to the notification, and a flood: rules, thread, log and outbox as in a running site, in real time, to a webhook at this machine.

What stands in for workers hands in scenes and pulses at the times at which real ones do: a scene 40 to 150 ms after its picture; a pulse with the
first look that comes 0.6 s after the second that it tells of, or later, at the fewest looks that a camera gets. No pixels: what the gate needs for
itself is in the scenes' latency.
"""

import heapq
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any, Final, Self

import msgspec
import numpy as np

from bench.hazard_trials import quantile
from passerby.clock import SystemClock
from passerby.hazards.alert import What
from passerby.hazards.alert_log import ALERTS, AlertLog
from passerby.hazards.channels.delivery import Letter
from passerby.hazards.engine import Engine
from passerby.released.measurement import Pulse, ZonePulse
from passerby.released.messages import SceneMessage
from passerby.released.scene import GateHealth, GateState, Level, Scene, Size
from passerby.sealed.gate.pace import LEAST_LOOKS_HZ
from passerby.serve.alerts.inbox import AlertInbox, AlertsWish
from passerby.site.reading import site_of
from passerby.site.settings import Site
from passerby.supervise.alert_desk import AlertDesk
from passerby.supervise.hazard_thread import HazardThread
from passerby.supervise.outbox_of import outbox_of

FOR_S: Final = 5.0
HOLDS_S: Final = 9.0
RESTS_S: Final = 9.0
PULSE_LATE_S: Final = 0.6
SCENE_LATE_S: Final = (0.04, 0.15)
SCENES_HZ: Final = 4
LOOKS_HZ: Final = LEAST_LOOKS_HZ
"""Of a camera whose worker has no time to spare: a pulse waits longest."""
SIZE: Final = Size(640, 480)
BLOCKS: Final = 40 * 30
SHOWN: Final = b"\xff" * (BLOCKS // 8)
SECRET: Final = "of a bench, and of no site at all"  # noqa: S105 - of a server that lives for a minute
RULES: Final = 5
FLOOD_S: Final = 58


class Receiver:
    """A webhook and, at another path, a service of notifications: notes when what came. A context."""

    def __init__(self) -> None:
        self.letters: list[tuple[float, Letter]] = []
        self.notes: list[float] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                """Takes what comes."""
                at_s = time.time()
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/hook":
                    receiver.letters.append((at_s, msgspec.json.decode(body, type=Letter)))
                else:
                    receiver.notes.append(at_s)
                self.send_response(204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def opened(self) -> Iterator[tuple[float, str, str]]:
        """When an opened alert was taken, its camera and its id."""
        for at_s, letter in list(self.letters):
            for one in letter.deliveries:
                if one.what in (What.OPENED, What.RETURNED):
                    yield at_s, one.camera, one.alert


class SaidNothing:
    """A journal that keeps errors."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def info(self, event: str, **facts: object) -> None:
        """Nobody reads it."""

    def warning(self, event: str, **facts: object) -> None:
        """Kept."""
        self.errors.append(f"{event} {facts}")

    error = warning


class Running:
    """What watches for hazards in a running site, and tells. A context."""

    def __init__(self, site: Site, state: Path) -> None:
        self.journal: Any = SaidNothing()
        clock = SystemClock()
        self.desk = AlertDesk(AlertLog(state / ALERTS), clock, self.journal)
        self.hazards = HazardThread(site, Engine, self.desk, None, clock, self.journal)
        self.outbox = outbox_of(site, state, self.hazards, clock, self.journal)
        self.inbox = AlertInbox(self.desk, lambda: site, clock)
        self.log = self.desk.log

    def __enter__(self) -> Self:
        self.outbox.start()
        self.hazards.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hazards.stop(10)
        self.outbox.stop(10)


def site_of_bench(state: Path, port: int, cameras: int, rules: int = 1, *, notes: bool = False) -> Site:
    """So many cameras, each with a zone and rules on how many are in it. More than a site file may name are made by copying."""
    text = (
        f'[site]\nname = "Bench"\nstate_folder = "{state}"\n[hazards]\ncameras = false\n'
        '[[camera]]\nid = "c0"\nsource = "rtsp://127.0.0.1/x"\npurpose = "Rules are measured."\n'
        '[[zone]]\ncamera = "c0"\nid = "z0"\npolygon = [[10, 10], [90, 10], [90, 90]]\n'
        + "".join(
            f'[[hazard]]\nid = "r0-{rule}"\nkind = "occupancy"\ncamera = "c0"\nzone = "z0"\nlimit = {rule + 3}\n'
            f'for = "{FOR_S if rules == 1 else 0:g} s"\n'
            'clear_for = "2 s"\ncool_down = "0 s"\n'
            for rule in range(rules)
        )
        + f'[[channel]]\nid = "hook"\nkind = "webhook"\naddress = "http://127.0.0.1:{port}/hook"\nsecret = "{SECRET}"\n'
        + (f'[[channel]]\nid = "notes"\nkind = "apprise"\naddress = "json://127.0.0.1:{port}/notes"\n' if notes else "")
    )
    site, problems = site_of(text, state / "site.toml")
    if site is None:
        raise SystemExit(f"the bench's own site: {problems}")
    names = [f"c{number}" for number in range(cameras)]
    zones = [site.zones[0].model_copy(update={"id": f"z{number}", "camera": name}) for number, name in enumerate(names)]
    hazards = [
        one.model_copy(update={"id": f"r{number}-{rule}", "camera": name, "zone": f"z{number}"})
        for number, name in enumerate(names)
        for rule, one in enumerate(site.hazards)
    ]
    copies = tuple(site.cameras[0].model_copy(update={"id": name}) for name in names)
    return site.model_copy(update={"cameras": copies, "zones": tuple(zones), "hazards": tuple(hazards)})


@dataclass(slots=True)
class Onsets:
    """When a camera's zone is full: spans of wall time, drawn at random."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    def people(self, second_end_s: float) -> float:
        """Mean of those in the zone in a second."""
        return 8.0 * sum(max(0.0, min(end_s, second_end_s) - max(begin_s, second_end_s - 1)) for begin_s, end_s in self.spans)


def latencies(cameras: int, seconds: int, seed: int, looks_hz: float = LOOKS_HZ) -> dict[str, Any]:
    """Onset to notification beyond `for`, of so many cameras at once, each looked at so often."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory(prefix="passerby-hazards-") as folder, Receiver() as receiver:
        state = Path(folder)
        with Running(site_of_bench(state, receiver.port, cameras), state) as running:
            begin_s = time.time() + 2.0
            onsets = [Onsets(list(_spans(begin_s, seconds, rng))) for _ in range(cameras)]
            cpu_s = time.process_time()
            _feed(running.hazards, onsets, begin_s, begin_s + seconds, rng, looks_hz)
            cpu_s = time.process_time() - cpu_s
            time.sleep(4.0)
            dropped = sum(running.hazards.health().dropped.values())
    told: dict[str, list[float]] = {}
    for at_s, camera, _ in receiver.opened():
        told.setdefault(camera, []).append(at_s)
    found, missed = [], 0
    for number, one in enumerate(onsets):
        for onset_s, end_s in one.spans:
            after = [at_s for at_s in told.get(f"c{number}", []) if onset_s < at_s < end_s + RESTS_S / 2]
            missed += not after
            found += [after[0] - onset_s - FOR_S] if after else []
    return {
        "cameras": cameras,
        "seconds": seconds,
        "onsets": len(found) + missed,
        "missed": missed,
        "median_s": median(found),
        "p99_s": quantile(found, 0.99),
        "most_s": max(found),
        "cpu_share": cpu_s / seconds,
        "dropped": dropped,
    }


def flood(cameras: int, seed: int) -> dict[str, Any]:
    """Five alerts of each camera within a minute: what came of them, how many messages people get, how quick the list stays."""
    with tempfile.TemporaryDirectory(prefix="passerby-hazards-") as folder, Receiver() as receiver:
        state = Path(folder)
        site = site_of_bench(state, receiver.port, cameras, RULES, notes=True)
        with Running(site, state) as running:
            begin_s = float(int(time.time()) + 3)
            order = np.random.default_rng(seed).permutation(cameras)
            onsets = [Onsets([(begin_s + FLOOD_S * int(rank) / cameras, begin_s + 600)]) for rank in order]
            listing: list[float] = []
            watching = threading.Event()
            watcher = threading.Thread(target=_look, args=(running.inbox, listing, watching), daemon=True)
            watcher.start()
            _feed(running.hazards, onsets, begin_s, begin_s + 62, np.random.default_rng(seed), LOOKS_HZ, scenes=False)
            wanted = cameras * RULES
            until_s = time.time() + 60
            while time.time() < until_s and len({alert for _, _, alert in receiver.opened()}) < wanted:
                time.sleep(0.5)
            all_told_s = time.time() - begin_s
            time.sleep(15.0)
            watching.set()
            watcher.join()
            health = running.hazards.health()
        log = AlertLog(state / ALERTS)
        written = Counter(event.alert for day in log.days() for event in log.events(day) if event.what is What.OPENED)
    ids = Counter(alert for _, _, alert in receiver.opened())
    return {
        "cameras": cameras,
        "alerts": wanted,
        "written": len(written),
        "delivered": len(ids),
        "doubles": sum(ids.values()) - len(ids),
        "requests": len(receiver.letters),
        "notes_to_people": len(receiver.notes),
        "all_delivered_after_s": all_told_s,
        "dropped": sum(health.dropped.values()),
        "lost": health.lost,
        "failing": health.failing,
        "list_ms": {"median": 1000 * median(listing), "p99": 1000 * quantile(listing, 0.99)},
    }


def _look(inbox: AlertInbox, took_s: list[float], over: threading.Event) -> None:
    """Somebody who looks at the inbox, twice a second."""
    while not over.wait(0.5):
        begun_s = time.perf_counter()
        inbox.listed(AlertsWish(limit=200))
        took_s.append(time.perf_counter() - begun_s)


def _spans(begin_s: float, seconds: int, rng: np.random.Generator) -> Iterable[tuple[float, float]]:
    at_s = begin_s + rng.uniform(1, RESTS_S)
    while at_s + HOLDS_S < begin_s + seconds:
        yield at_s, at_s + HOLDS_S
        at_s += HOLDS_S + RESTS_S + rng.uniform(0, 2)


def _feed(
    hazards: HazardThread,
    onsets: Sequence[Onsets],
    begin_s: float,
    end_s: float,
    rng: np.random.Generator,
    looks_hz: float,
    *,
    scenes: bool = True,
) -> None:
    """Hands in what workers would, when they would."""
    due: list[tuple[float, int, int, float]] = []
    for number in range(len(onsets)):
        phase_s = float(rng.uniform(0, 1 / SCENES_HZ))
        if scenes:
            heapq.heappush(due, (begin_s + phase_s + float(rng.uniform(*SCENE_LATE_S)), number, 0, begin_s + phase_s))
        heapq.heappush(due, (int(begin_s) + 1 + _pulse_late_s(rng, looks_hz), number, 1, float(int(begin_s) + 1)))
    while due:
        at_s, number, kind, of_s = heapq.heappop(due)
        if at_s > end_s:
            continue
        time.sleep(max(0.0, at_s - time.time()))
        if kind == 0:
            hazards.accept(_scene(number, of_s))
            later_s = of_s + 1 / SCENES_HZ
            heapq.heappush(due, (later_s + float(rng.uniform(*SCENE_LATE_S)), number, 0, later_s))
        else:
            people = onsets[number].people(of_s)
            hazards.accept(Pulse(f"c{number}", of_s, 1.0, (ZonePulse(f"z{number}", people, round(people)),)))
            heapq.heappush(due, (of_s + 1 + _pulse_late_s(rng, looks_hz), number, 1, of_s + 1))


def _pulse_late_s(rng: np.random.Generator, looks_hz: float) -> float:
    """How long after its second a pulse comes: with the next look from then on, once that is done."""
    return PULSE_LATE_S + float(rng.uniform(0, 1 / looks_hz)) + float(rng.uniform(*SCENE_LATE_S))


def _scene(number: int, at_s: float) -> SceneMessage:
    health = GateHealth(GateState.WATCHING, 0.0, 0.0, 0.0, True)
    scene = Scene(at_s, SIZE, Level.GLYPHS, 0, 16, SHOWN, (), None, (), 20, (), health)
    return SceneMessage(f"c{number}", at_s, 0.0, 0.0, None, 1, False, scene)
