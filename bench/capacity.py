"""How many cameras a core bears, and what live cameras cost: latency, recordings, memory, coming back after a disconnect.

    python -m bench.capacity [--parts cameras,latency,recording,memory,supervisor,return] [--seconds 120] [--disconnects 1000] [--small]

A real RTSP server (GStreamer's, on a core of its own) loops the PETS clip as H.264; `passerby run` as it ships gates and records it, nobody watching.

cameras      pictures skipped with 8 cameras of 768x576 and 3 of 1920x1080 on one core, at the start and after settling, and where its time goes
latency      from a picture's arrival to its scene in the supervisor, at half that load
recording    bytes of recordings against bytes of the cameras' streams; a quiet simulated place, a day
memory       of a worker with 1080p cameras, a camera, over time
supervisor   its memory with 20 cameras
return       seconds from a camera's return to the first scene, and until as much of the place is shown as before; workers and descriptors lost over
             many disconnects at random times

Needs two cores, and Debian's gir1.2-gst-rtsp-server-1.0 and python3-gi.
"""

import argparse
import math
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from bench.capacity_site import Cameras, MeasuredSite, Reading, children, descriptors, packets, rss_mb
from bench.clips import Picture
from bench.results import keep, percent, show
from bench.samples import pets_clip
from passerby.released.scene import Size
from passerby.simulate.path import Crowd
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings

PARTS: Final = ("cameras", "latency", "recording", "memory", "supervisor", "return")
FPS: Final = 10
SMALL: Final = Size(768, 576)
LARGE: Final = Size(1920, 1080)
ASKED: Final = {SMALL: 8, LARGE: 3}
MOST_SKIPPED: Final = 0.01
LATENCY: Final = "passerby_camera_latency_seconds"
DAY_S: Final = 86400.0
MANY: Final = 20
RETURN_S: Final = 3.0
WITHHELD_MORE: Final = 0.1
"""Of the picture: who walks by is held as well."""
QUIET_AFTER_S: Final = 150.0
"""A place is known by then, its border too; what a day costs is not what learning it costs."""


@dataclass(frozen=True)
class Load:
    """What one stretch of time cost, on all cameras together."""

    seconds: float
    received: float
    skipped: float
    looks_hz: float
    shown: float
    shares: dict[str, float]
    """Of one core: decode, looks, the rest of the gate, what else the workers do, supervisor."""

    @property
    def skipped_share(self) -> float:
        """Of the pictures that came in."""
        return self.skipped / max(1.0, self.received)


def load_between(first: Reading, last: Reading, supervisor: int) -> Load:
    """The cost between two readings."""
    passed_s = last.time_s - first.time_s

    def grown(name: str) -> float:
        return last.total(name) - first.total(name)

    decode_s, gate_s, looks_s = (grown(f"passerby_camera_{name}_seconds_total") for name in ("decode", "gate", "looks"))
    supervisor_s = last.cpu_s.get(supervisor, 0.0) - first.cpu_s.get(supervisor, 0.0)
    all_s = sum(last.cpu_s.values()) - sum(first.cpu_s.get(pid, 0.0) for pid in last.cpu_s)
    shares = {
        "decode": decode_s,
        "detector": looks_s,
        "rest of the gate": gate_s - looks_s,
        "rest of the workers": all_s - supervisor_s - decode_s - gate_s,
        "supervisor, recording": supervisor_s,
        "all": all_s,
    }
    cameras = max(1, sum(name == "passerby_camera_withheld_share" for name, _ in last.values))
    return Load(
        passed_s,
        grown("passerby_camera_pictures_received_total"),
        grown("passerby_camera_pictures_skipped_total"),
        last.most("passerby_camera_looks_hertz"),
        1 - last.total("passerby_camera_withheld_share") / cameras,
        {name: value / passed_s for name, value in shares.items()},
    )


def percentile_s(first: Reading, last: Reading, share: float) -> float:
    """The least bound of the histogram below which this share of all lies."""
    before = first.buckets(LATENCY)
    counts = {bound: count - before.get(bound, 0.0) for bound, count in sorted(last.buckets(LATENCY).items())}
    total = counts.get(math.inf, 0.0)
    return next((bound for bound, count in counts.items() if total and count >= share * total), math.nan)


class Bench:
    """The measurements, which share packets and cores."""

    def __init__(self, folder: Path, clip: Path, seconds: float, memory_s: float) -> None:
        self._folder, self._clip, self._seconds, self._memory_s = folder, clip, seconds, memory_s
        processors = sorted(os.sched_getaffinity(0))
        self._one_core = {processors[0]}, set(processors[1:]) or {processors[0]}
        self._all_cores = set(processors), set(processors)
        self._number = 0

    def site(self, cameras: Cameras, *, one_core: bool = True, recording: bool = True) -> MeasuredSite:
        """A site with a folder of its own."""
        self._number += 1
        return MeasuredSite(self._folder / f"site-{self._number}", cameras, self._one_core if one_core else self._all_cores, recording=recording)

    def pets(self, size: Size) -> Path:
        """The PETS clip at a size, as packets."""
        path = self._folder / f"pets-{size.width_px}.packets"
        return path if path.exists() else packets(path, _resized(self._clip, size), FPS)

    def cameras(self, size: Size, count: int) -> dict[str, Any]:
        """The load of so many cameras on one core, from a cold start and after settling."""
        with self.site(Cameras(self.pets(size), count, FPS)) as site:
            site.wait(site.all_stream, "pictures of all cameras")
            loads = []
            for _ in range(2):
                first = site.read()
                time.sleep(self._seconds)
                loads.append(load_between(first, site.read(), site.pid))
        return {"size": f"{size.width_px}x{size.height_px}", "cameras": count, "cold": vars(loads[0]), "settled": vars(loads[1])}

    def latency(self, size: Size, count: int) -> dict[str, Any]:
        """Percentiles from arrival to released scene."""
        with self.site(Cameras(self.pets(size), count, FPS)) as site:
            site.wait(site.all_stream, "pictures of all cameras")
            cold = site.read()
            time.sleep(self._seconds)
            first = site.read()
            time.sleep(self._seconds)
            last = site.read()
        return {
            "size": f"{size.width_px}x{size.height_px}",
            "cameras": count,
            "p50_s": percentile_s(first, last, 0.5),
            "p99_s": percentile_s(first, last, 0.99),
            "cold_p50_s": percentile_s(cold, first, 0.5),
            "cold_p99_s": percentile_s(cold, first, 0.99),
        }

    def recording(self) -> dict[str, Any]:
        """Bytes kept against bytes received (two loops of the clip and more), and of a quiet simulated place a day."""
        seconds = max(self._seconds, 60.0)
        share, _ = self._recorded(self.pets(SMALL), 2 * seconds, self._seconds)
        quiet = packets(self._folder / "quiet.packets", _quiet(round(60 * FPS)), FPS)
        _, per_s = self._recorded(quiet, 2 * seconds, QUIET_AFTER_S)
        return {"share": share, "quiet_mb_a_day": per_s * DAY_S / 1e6}

    def _recorded(self, source: Path, seconds: float, after_s: float) -> tuple[float, float]:
        """Bytes of recordings as a share of the stream's (after settling or from the start, whichever is more), and a second after settling."""
        with self.site(Cameras(source, 1, FPS), one_core=False) as site:
            site.wait(site.all_stream, "pictures of all cameras")
            time.sleep(after_s)
            first, before = site.read(), _bytes_in(site.state_folder)
            time.sleep(seconds)
            last, after = site.read(), _bytes_in(site.state_folder)
        received = last.total("passerby_camera_received_bytes_total") - first.total("passerby_camera_received_bytes_total")
        whole = last.total("passerby_camera_received_bytes_total")
        return max((after - before) / max(1.0, received), after / max(1.0, whole)), (after - before) / (last.time_s - first.time_s)

    def memory(self, count: int) -> dict[str, Any]:
        """Of one worker with 1080p cameras: MB a camera at several moments."""
        with self.site(Cameras(self.pets(LARGE), count, FPS)) as site:
            site.wait(site.all_stream, "pictures of all cameras")
            worker = max(children(site.pid), key=rss_mb)
            time.sleep(min(60.0, self._seconds))
            seen = []
            for _ in range(10):
                seen.append(rss_mb(worker) / count)
                time.sleep(self._memory_s / 10)
        return {"cameras": count, "minutes": self._memory_s / 60, "mb_a_camera": seen}

    def supervisor(self) -> dict[str, Any]:
        """The supervisor's memory with many cameras, at a rate that this machine bears."""
        with self.site(Cameras(self.pets(SMALL), MANY, 1.0), one_core=False) as site:
            site.wait(site.all_stream, "pictures of all cameras")
            time.sleep(self._seconds)
            return {"cameras": MANY, "mb": rss_mb(site.pid)}

    def comes_back(self, disconnects: int) -> dict[str, Any]:
        """Seconds from the camera's return to a new scene, then many disconnects at random times."""
        with self.site(Cameras(self.pets(SMALL), 2, FPS), one_core=False) as site:
            site.wait(site.all_stream, "pictures of all cameras")
            time.sleep(min(30.0, self._seconds))
            back, shown_again = [], []
            for _ in range(5):
                before = {camera["id"]: camera["withheld_share"] for camera in site.cameras()}
                site.server.silence()
                time.sleep(3.0)
                site.server.listen()
                back.append(site.wait(lambda: all((camera["picture_age_s"] or 99.0) < 0.5 for camera in site.cameras()), "scenes after a return"))
                shown_again.append(back[-1] + site.wait(lambda known=before: _shows_again(site, known), "the plate after a return"))  # type: ignore[misc]
            workers = _workers(site.pid)
            opened = {pid: descriptors(pid) for pid in [site.pid, *workers]}
            draw = random.Random(1)  # noqa: S311 - times of a test
            for _ in range(disconnects):
                site.server.kick()
                time.sleep(draw.uniform(0.05, 1.0))
            site.wait(lambda: all((camera["picture_age_s"] or 99.0) < 1.0 for camera in site.cameras()), "scenes after the last disconnect")
            time.sleep(3.0)
            lost = len(set(workers) - set(_workers(site.pid)))
            leaked = sum(max(0, descriptors(pid) - count) for pid, count in opened.items())
        return {"back_s": back, "shown_again_s": shown_again, "disconnects": disconnects, "workers_lost": lost, "descriptors_leaked": leaked}


def _shows_again(site: MeasuredSite, withheld: dict[str, float]) -> bool:
    """Whether each camera shows about as much of its place as before."""
    return all(camera["withheld_share"] <= withheld[camera["id"]] + WITHHELD_MORE for camera in site.cameras())


def _workers(pid: int) -> list[int]:
    return [child for child in children(pid) if b"sealed.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _resized(clip: Path, size: Size) -> Iterable[Picture]:
    capture = cv2.VideoCapture(str(clip))
    while True:
        there, picture = capture.read()
        if not there:
            return
        yield np.asarray(cv2.resize(picture, (size.width_px, size.height_px), interpolation=cv2.INTER_CUBIC), np.uint8)


def _quiet(count: int) -> Iterable[Picture]:
    crowd = Crowd(walkers=0, still=0, queueing=0, groups=0.0, counter_flow=False)
    plaza = Plaza(SimulationSettings(size=SMALL, fps=FPS, seconds=count / FPS, crowd=crowd, motion_seed=3, place_seed=3))
    return islice((shot.picture for shot in plaza), count)


def _flag(text: str, *, met: bool) -> str:
    return text + ("  " if met else " !")


def show_cameras(found: Sequence[dict[str, Any]]) -> None:
    rows = []
    for one in found:
        for phase in ("cold", "settled"):
            load = one[phase]
            skipped = load["skipped"] / max(1.0, load["received"])
            shares = [percent(share, 0) for share in load["shares"].values()]
            rows.append(
                [
                    f"{one['cameras']} of {one['size']}, {phase}",
                    _flag(percent(skipped), met=skipped < MOST_SKIPPED),
                    f"{load['received'] / load['seconds'] / one['cameras']:.1f}",
                    f"{load['looks_hz']:.1f}",
                    percent(load["shown"], 0),
                    *shares,
                ]
            )
    columns = [
        "one core",
        "skipped",
        "Hz a camera",
        "looks Hz",
        "shown",
        "decode",
        "detector",
        "rest of gate",
        "rest of workers",
        "supervisor",
        "all",
    ]
    show("capacity: cameras on one core", columns, rows, "asked: under 1 % skipped with 8 of 768x576 and 3 of 1920x1080; shares are of one core")


def _show_rest(found: dict[str, Any]) -> None:
    rows = []
    for one in found.get("latency", ()):
        for phase in ("", "cold_"):
            p50, p99 = one[f"{phase}p50_s"], one[f"{phase}p99_s"]
            name = f"latency p50 / p99, {one['cameras']} of {one['size']}{', cold' if phase else ''}"
            rows.append([name, "120 / 400 ms", _flag(f"{1000 * p50:.0f} / {1000 * p99:.0f} ms", met=p50 <= 0.12 and p99 <= 0.4)])
    if "recording" in found:
        share, day = found["recording"]["share"], found["recording"]["quiet_mb_a_day"]
        rows.append(["recording, of the stream's bytes (PETS)", "5 %", _flag(percent(share), met=share <= 0.05)])
        rows.append(["recording of a quiet place, a day", "40 MB", _flag(f"{day:.1f} MB", met=day <= 40)])
    if "memory" in found:
        seen = found["memory"]["mb_a_camera"]
        met = max(seen) <= 250 and seen[-1] <= 1.05 * seen[len(seen) // 2]
        rows.append(
            [
                f"memory a 1080p camera, first / last of {found['memory']['minutes']:.0f} min",
                "250 MB, flat",
                _flag(f"{seen[0]:.0f} / {seen[-1]:.0f} MB", met=met),
            ]
        )
    if "supervisor" in found:
        mb = found["supervisor"]["mb"]
        rows.append([f"memory of the supervisor, {MANY} cameras", "200 MB", _flag(f"{mb:.0f} MB", met=mb <= 200)])
    if "return" in found:
        back = found["return"]
        rows.append(
            ["from a camera's return to scenes, longest of 5", "3 s", _flag(f"{max(back['back_s']):.1f} s", met=max(back["back_s"]) <= RETURN_S)]
        )
        shown = max(back["shown_again_s"])
        rows.append(["from a camera's return until its place is shown, longest of 5", "3 s", _flag(f"{shown:.1f} s", met=shown <= RETURN_S)])
        lost = back["workers_lost"], back["descriptors_leaked"]
        rows.append(
            [f"{back['disconnects']} disconnects: workers lost / descriptors leaked", "0 / 0", _flag(f"{lost[0]} / {lost[1]}", met=lost == (0, 0))]
        )
    if rows:
        show("capacity: what live cameras cost", ["", "asked", "found"], rows, "latency: upper ends of the histogram's classes; '!' = asked for more")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--seconds", type=float, default=120.0, help="of each stretch that is measured")
    parser.add_argument("--memory-seconds", type=float, default=1800.0, help="how long the memory of a worker is looked at")
    parser.add_argument("--cameras", type=int, nargs=2, metavar=("SMALL", "LARGE"), default=(ASKED[SMALL], ASKED[LARGE]))
    parser.add_argument("--disconnects", type=int, default=1000)
    parser.add_argument("--small", action="store_true", help="shows in minutes that all of it runs")
    parser.add_argument("--json", type=Path, default=Path("out/bench/capacity.json"))
    given = parser.parse_args()
    parts = given.parts.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such parts: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    clip = pets_clip(print)
    if clip is None:
        parser.error("the PETS clip cannot be had")
    seconds, disconnects = (10.0, 10) if given.small else (given.seconds, given.disconnects)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="passerby-capacity-") as folder:
        bench = Bench(Path(folder), clip, seconds, 2 * seconds if given.small else given.memory_seconds)
        counts = dict(zip((SMALL, LARGE), given.cameras, strict=True))
        measures: dict[str, Callable[[], Any]] = {
            "cameras": lambda: [bench.cameras(size, count) for size, count in counts.items() if count],
            "latency": lambda: [bench.latency(size, -(-count // 2)) for size, count in counts.items() if count],
            "recording": bench.recording,
            "memory": lambda: bench.memory(counts[LARGE] or 1),
            "supervisor": bench.supervisor,
            "return": lambda: bench.comes_back(disconnects),
        }
        for part in parts:
            found[part] = measures[part]()
    if "cameras" in found:
        show_cameras(found["cameras"])
    _show_rest(found)
    keep(given.json, found)


if __name__ == "__main__":
    main()
