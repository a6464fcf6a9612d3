"""What watching costs and how soon it shows something: the page in a real Chromium, streams with slow readers, a server that is started again.

    python -m bench.watching [--parts paint,cost,readers,elsewhere,return] [--places 16] [--size 384x288] [--seconds 60] [--small]

A real RTSP server (GStreamer's) loops the PETS clip at 5 pictures a second; `passerby run` as it ships gates and records all places. 16 places of
full size would want more than two cores for decoding and gating alone: they are half as wide and half as high, and persons lower than 40 pixels need
not be found. What watching costs does not depend on what the workers do: it is measured by /proc, for the supervisor and what draws and encodes.

paint       first useful paint: navigation start to the first place that is shown, median of 10 loads with an empty cache; all places of the window
cost        one page, all places live: share of one core of the supervisor and the painter, kbit/s over the wire, scenes a second and place
readers     200 slow readers of one place's pictures and one that never reads: what others get, memory and processor before and during
elsewhere   requests that pages made for another machine, by the network stack of the browser
return      seconds from the restarted server's first answer to all places being shown again, without a hand on the page

Needs two cores, Chromium, playwright, and Debian's gir1.2-gst-rtsp-server-1.0 and python3-gi.
"""

import argparse
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from playwright.sync_api import Browser

from bench.capacity_site import Cameras, MeasuredSite, children, cpu_s, packets, rss_mb
from bench.clips import Picture
from bench.results import keep, percent, show
from bench.samples import pets_clip
from bench.watching_page import WINDOW, load, shows_places
from bench.watching_readers import CountingRelay, FeedReader, PictureReader, SlowReaders, rates
from passerby.released.scene import Size
from tests.support.browser import Watched, asked_by_pages, chromium, chromium_path, is_ours

PARTS: Final = ("paint", "cost", "readers", "elsewhere", "return")
FPS: Final = 5
SETTINGS: Final = ('transport = "tcp"', "min_person_px = 40")
"""Of each camera."""
EVERY: Final = 2
"""The clip has ten pictures a second: every second one."""
LOADS: Final = 10
COLD_LOADS: Final = 3
PAINTER_ENDS_S: Final = 14.0
"""Nobody watches for so long, and nothing is drawn any more."""
SLOW: Final = 200
SETTLE_S: Final = 40.0
ASKED: Final = {"paint_ms": 1200.0, "core_share": 0.25, "mbit_per_s": 1.0}
UNHARMED: Final = 0.8
FLAT: Final = 1.1


class Bench:
    """The measurements, on one site that runs."""

    def __init__(self, site: MeasuredSite, browser: Browser, places: int, seconds: float) -> None:
        self._site, self._browser, self._places, self._seconds = site, browser, places, seconds

    def paint(self, loads: int, cold: int) -> dict[str, Any]:
        """Loads while somebody else watches, too, and loads of somebody who comes first."""
        first = load(self._browser, self._site.address)
        warm = [load(self._browser, self._site.address) for _ in range(loads)]
        alone = []
        for _ in range(cold):
            time.sleep(PAINTER_ENDS_S)
            alone.append(load(self._browser, self._site.address))
        return {"very_first": first, "loads": warm, "nobody_before": alone}

    def cost(self) -> dict[str, Any]:
        """Of nobody watching, and of one page that shows all places."""
        time.sleep(PAINTER_ENDS_S)
        unwatched = self._spent(lambda: time.sleep(self._seconds / 2))
        relay = CountingRelay(self._site.address)
        watched = Watched(self._browser, {"width": WINDOW["width"], "height": 4000})
        watched.open(f"{relay.address}/")
        watched.settles(lambda: shows_places(watched.page, self._places), "all places", 60.0)
        watched.page.wait_for_timeout(5000)
        down, up = relay.down_bytes, relay.up_bytes
        spent = self._spent(lambda: watched.page.wait_for_timeout(self._seconds * 1000))
        down, up = relay.down_bytes - down, relay.up_bytes - up
        feed = FeedReader(self._site.address)
        scenes = rates({}, feed, min(20.0, self._seconds))["feed"]
        each = dict(feed.scenes)
        feed.close()
        relay.close()
        watched.close()
        return {
            "unwatched": unwatched,
            "watched": spent,
            "down_mbit_per_s": 8e-6 * down / spent["seconds"],
            "up_mbit_per_s": 8e-6 * up / spent["seconds"],
            "scenes_hz_a_place": scenes / self._places,
            "scenes": each,
        }

    def readers(self, count: int) -> dict[str, Any]:
        """What two good readers of streams and one of the feed get, without and with a crowd at one of the places."""
        crowded, other = (f"/live/camera-{number}.mjpg" for number in (0, 1))
        good = {name: PictureReader(self._site.address, path) for name, path in {"same": crowded, "other": other}.items()}
        feed = FeedReader(self._site.address)
        time.sleep(5.0)
        before_mb = self._memory_mb()
        before, spent_before = self._rates(good, feed, self._seconds / 2)
        crowd = SlowReaders(self._site.address, crowded, count)
        time.sleep(10.0)
        begun_mb = self._memory_mb()
        during, spent_during = self._rates(good, feed, self._seconds)
        ended_mb, served, cut = self._memory_mb(), crowd.count, crowd.was_cut()
        crowd.close()
        for reader in (*good.values(), feed):
            reader.close()
        time.sleep(PAINTER_ENDS_S)
        return {
            "readers": count,
            "answered": crowd.answered,
            "served_to_the_end": served,
            "never_reading_cut": cut,
            "before": before,
            "during": during,
            "cpu_before": spent_before,
            "cpu_during": spent_during,
            "mb": {"before": before_mb, "begin": begun_mb, "end": ended_mb, "after": self._memory_mb()},
        }

    def comes_back(self) -> dict[str, Any]:
        """Seconds until the page shows all places again after the server was ended and started again."""
        return {"returns": [self._back_after(away_s) for away_s in (1.0, 8.0)]}

    def _back_after(self, away_s: float) -> dict[str, float]:
        watched = Watched(self._browser, {"width": WINDOW["width"], "height": 4000})
        watched.open(f"{self._site.address}/")
        watched.settles(lambda: shows_places(watched.page, self._places), "all places", 60.0)
        self._site.end()
        watched.settles(lambda: not shows_places(watched.page, 1), "no place that is shown as if it were now", 30.0)
        watched.page.wait_for_timeout(1000 * away_s)
        self._site.begin()
        begun_s = time.monotonic()
        self._site.wait(lambda: all(camera["has_picture"] for camera in self._site.cameras()), "pictures of all places")
        scenes_s = time.monotonic() - begun_s
        watched.settles(lambda: shows_places(watched.page, self._places), "all places again", 90.0)
        shown_s = time.monotonic() - begun_s
        watched.close()
        return {"away_s": away_s, "scenes_s": scenes_s, "shown_s": shown_s}

    def _rates(self, good: dict[str, PictureReader], feed: FeedReader, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
        found: dict[str, float] = {}
        spent = self._spent(lambda: found.update(rates(good, feed, seconds)))
        return found, spent

    def _spent(self, step: Callable[[], object]) -> dict[str, float]:
        """Shares of one core during a step, of the supervisor, of what draws and encodes, and of the workers."""
        before, begun_s = self._processor_s(), time.monotonic()
        step()
        after, seconds = self._processor_s(), time.monotonic() - begun_s
        shares = {kind: sum(after[kind].get(pid, 0.0) - before.get(kind, {}).get(pid, 0.0) for pid in after[kind]) / seconds for kind in after}
        return {"seconds": seconds, **shares}

    def _processor_s(self) -> dict[str, dict[int, float]]:
        found: dict[str, dict[int, float]] = {"supervisor": {self._site.pid: cpu_s(self._site.pid)}, "drawing": {}, "workers": {}}
        for pid in children(self._site.pid):
            found["workers" if _is_worker(pid) else "drawing"][pid] = cpu_s(pid)
        return found

    def _memory_mb(self) -> float:
        """Of the supervisor and what draws."""
        return rss_mb(self._site.pid) + sum(rss_mb(pid) for pid in children(self._site.pid) if not _is_worker(pid))


def _is_worker(pid: int) -> bool:
    try:
        return b"passerby.sealed" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def every_second(clip: Path, size: Size) -> Any:
    """Every second picture of a clip, at a size."""
    capture, number = cv2.VideoCapture(str(clip)), 0
    while True:
        there, picture = capture.read()
        if not there:
            return
        if number % EVERY == 0:
            shrunk: Picture = np.asarray(cv2.resize(picture, (size.width_px, size.height_px), interpolation=cv2.INTER_AREA), np.uint8)
            yield shrunk
        number += 1


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _flag(text: str, *, met: bool) -> str:
    return text + ("  " if met else " !")


def rows_of(found: dict[str, Any]) -> list[list[str]]:
    """The table: what, asked, found."""
    rows = []
    if "paint" in found:
        rows += _paint_rows(found["paint"])
    if "cost" in found:
        rows += _cost_rows(found["cost"])
    if "readers" in found:
        rows += _reader_rows(found["readers"])
    if "elsewhere" in found:
        elsewhere = found["elsewhere"]["elsewhere"]
        rows.append([f"requests that leave the machine, of {found['elsewhere']['all']}", "0", _flag(str(len(elsewhere)), met=not elsewhere)])
    for one in found.get("return", {}).get("returns", ()):
        name = f"page shows all again after a restart, {one['away_s']:.0f} s away: from the first answer / from the scenes"
        rows.append([name, "by itself", f"{one['shown_s']:.1f} / {max(0.0, one['shown_s'] - one['scenes_s']):.1f} s  "])
    return rows


def _paint_rows(found: dict[str, Any]) -> list[list[str]]:
    rows = []
    for name, loads, binding in (("", found["loads"], True), (", nobody watched before", found["nobody_before"], False)):
        if not loads:
            continue
        first, everything, paint = (statistics.median(load[kind] for load in loads) for kind in ("first", "all", "paint"))
        worst = max(load["first"] for load in loads)
        met = first <= ASKED["paint_ms"] or not binding
        rows.append(
            [f"first useful paint{name}, median of {len(loads)} (worst)", "1.2 s", _flag(f"{first / 1e3:.2f} ({worst / 1e3:.2f}) s", met=met)]
        )
        rows.append([f"first paint of anything / all places in the window{name}", "-", f"{paint / 1e3:.2f} / {everything / 1e3:.2f} s  "])
    return rows


def _cost_rows(found: dict[str, Any]) -> list[list[str]]:
    watched, unwatched = found["watched"], found["unwatched"]
    share = watched["supervisor"] + watched["drawing"]
    text = f"{percent(share, 1)} = {percent(watched['supervisor'], 1)} + {percent(watched['drawing'], 1)}"
    bits = found["down_mbit_per_s"] + found["up_mbit_per_s"]
    return [
        ["live places on one page: supervisor + drawing, of one core", "25 %", _flag(text, met=share <= ASKED["core_share"])],
        ["the same with nobody watching", "-", f"{percent(unwatched['supervisor'] + unwatched['drawing'], 1)}  "],
        ["over the wire, both ways", "1 Mbit/s", _flag(f"{bits:.2f} Mbit/s", met=bits <= ASKED["mbit_per_s"])],
        ["scenes a second and place", "5", f"{found['scenes_hz_a_place']:.1f}  "],
        ["workers meanwhile (decode, gate), of one core", "-", f"{percent(watched['workers'], 0)}  "],
    ]


def _reader_rows(found: dict[str, Any]) -> list[list[str]]:
    rows = []
    for name, words in (("same", "pictures a second, same place"), ("other", "pictures a second, other place"), ("feed", "scenes a second, feed")):
        before, during = found["before"][name], found["during"][name]
        rows.append([f"{words}: alone / with the crowd", "unharmed", _flag(f"{before:.1f} / {during:.1f}", met=during >= UNHARMED * before > 0)])
    memory = found["mb"]
    met = memory["end"] <= FLAT * memory["begin"]
    values = " / ".join(f"{memory[name]:.0f}" for name in ("before", "begin", "end", "after"))
    rows.append(["memory of supervisor and streams: before / with the crowd, first and last / after", "flat", _flag(f"{values} MB", met=met)])
    crowd = found["answered"], found["served_to_the_end"]
    met = crowd == (found["readers"], found["readers"])
    rows.append([f"of {found['readers']} slow readers: given a stream / still served", "all", _flag(f"{crowd[0]} / {crowd[1]}", met=met)])
    rows.append(
        ["the one that never reads is sent away", "yes", _flag("yes" if found["never_reading_cut"] else "no", met=found["never_reading_cut"])]
    )
    shares = [found[kind]["supervisor"] + found[kind]["drawing"] for kind in ("cpu_before", "cpu_during")]
    rows.append(["supervisor and streams, of one core: alone / with the crowd", "-", f"{percent(shares[0], 0)} / {percent(shares[1], 0)}  "])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--places", type=int, default=16)
    parser.add_argument("--size", default="384x288", help="of each place's pictures")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each stretch that is measured")
    parser.add_argument("--settle", type=float, default=SETTLE_S, help="seconds until the first measurement: places are learned")
    parser.add_argument("--small", action="store_true", help="shows in two minutes that all of it runs")
    parser.add_argument("--json", type=Path, default=Path("out/bench/watching.json"))
    given = parser.parse_args()
    parts = given.parts.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such parts: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    clip = pets_clip(print)
    if clip is None or chromium_path() is None:
        parser.error("the PETS clip cannot be had" if clip is None else "there is no Chromium here")
    places, seconds, slow = (4, 8.0, 40) if given.small else (given.places, given.seconds, SLOW)
    size = Size(*map(int, given.size.split("x")))
    found: dict[str, Any] = {"places": places, "size": given.size, "fps": FPS}
    with tempfile.TemporaryDirectory(prefix="passerby-watching-") as name:
        folder = Path(name)
        source = packets(folder / "pets.packets", every_second(clip, size), FPS)
        cores = os.sched_getaffinity(0), os.sched_getaffinity(0)
        with MeasuredSite(folder / "site", Cameras(source, places, FPS, settings=SETTINGS), cores, port=_free_port()) as site:
            site.wait(site.all_stream, "pictures of all cameras")
            time.sleep(5.0 if given.small else given.settle)
            with chromium(folder / "net.json") as browser:
                bench = Bench(site, browser, places, seconds)
                measures: dict[str, Callable[[], Any]] = {
                    "paint": lambda: bench.paint(*((2, 1) if given.small else (LOADS, COLD_LOADS))),
                    "cost": bench.cost,
                    "readers": lambda: bench.readers(slow),
                    "return": bench.comes_back,
                }
                for part in parts:
                    if part in measures:
                        found[part] = measures[part]()
        if "elsewhere" in parts:
            asked = asked_by_pages(folder / "net.json")
            found["elsewhere"] = {"all": len(asked), "elsewhere": [url for url in asked if not is_ours(url)]}
    note = f"{places} places of {given.size} at {FPS} pictures a second; '!' = asked for more"
    show("watching", ["", "asked", "found"], rows_of(found), note)
    keep(given.json, found)


if __name__ == "__main__":
    main()
