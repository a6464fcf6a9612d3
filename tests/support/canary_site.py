"""A site whose camera carries the canary, run as people run it, watched from outside: invariant I1 by observation.

Followed are every byte that any of its processes writes anywhere (strace), every file that is left, what the pages show, what is said in the log, and
the memory of the supervisor and of the process that draws. Looked for are raw frames as a decoder gives them, the camera's own packets, and, in
everything that is a picture, the canary's texture.
"""

import io
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import av
import cv2
import httpx
import numpy as np
import pytest
import zstandard
from av.bitstream import BitStreamFilterContext
from numpy.typing import NDArray

from bench.canary_clip import CanaryClip
from bench.canary_finder import CanaryFinder
from passerby.record.playback import play
from passerby.released.framing import read_framed
from passerby.released.messages import Hello, Message, Protection, SceneMessage, decode_message
from passerby.released.render import Renderer
from passerby.released.scene import Scene
from passerby.sealed.capture.frame import PictureConverter
from tests.support.call_trace import Traced, command, read_trace
from tests.support.process_memory import memory_of
from tests.support.raw_needles import SURE, RawNeedles, rows_of
from tests.support.rtsp_server import LENGTH_BYTES
from tests.support.running_passerby import GENEROUS_S, RunningPasserby, children, command_line, is_gone, until
from tests.support.site_files import camera_table, write_site

Picture = NDArray[np.uint8]

CAMERA: Final = "canary"
SIZE_PX: Final = (768, 576)
FPS: Final = 5
SECONDS: Final = 14.0
PROGRAM: Final = """
import functools, resource, sys
_, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
if sys.argv[1]:
    import passerby.serve.operation as operation
    operation.Workers = functools.partial(operation.Workers, command=(sys.executable, "-B", "-c", *sys.argv[1].split("|")))
del sys.argv[1]
from passerby.cli import main
main()
"""
"""`passerby run`, with core dumps allowed as far as the system allows them, and with other workers if their command is given."""
LEAKING: Final = "import runpy, sys; sys.path.insert(0, {root!r}); runpy.run_module('tests.support.leaking_worker', run_name='__main__')"
ROOT: Final = Path(__file__).parents[2]
ROOM_BYTES: Final = 8 << 30
MOST_PACKED_BYTES: Final = 1 << 26
"""Larger heaps are searched as they are only: core files."""
LEAST_WITHHELD: Final = 0.75
"""As soon as no more than this part of the place is withheld, there is something to look at."""
COVERED_LEVELS: Final = 40
"""A pixel that differs so much from the place shows somebody, and not what is seen beside him."""
ENOUGH: Final = 3
"""Finds in a place that has been found to leak."""
ZSTD: Final = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class Canary:
    """A clip with people in the canary's texture, and how to recognise its frames."""

    path: Path
    needles: RawNeedles


@dataclass
class Observation:
    """What was found, and how much was looked through.

    Attributes:
        found: Places in which raw frames were.
        shown: Places in which pictures showed the canary.
        searched: Bytes, or pictures, that were looked through, by place.
        traced: What the processes did.
        workers: The sealed workers' process ids.
        supervisor: The supervisor's.
        folder: Where the run kept its files.
        log: What was said.
        protections: What each worker said of its protections.
        in_worker: Whether raw frames were in the memory of the worker itself, where they belong: else the look is blind. None = only root may look.
        glyphs: Glyphs in the worker's scenes.
        shown_share: The largest part of the place that a scene showed.
    """

    found: dict[str, int] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    searched: dict[str, int] = field(default_factory=dict)
    traced: Traced = field(default_factory=Traced)
    workers: list[int] = field(default_factory=list)
    supervisor: int = 0
    folder: Path = Path()
    log: str = ""
    protections: list[tuple[Protection, ...]] = field(default_factory=list)
    in_worker: bool | None = None
    glyphs: int = 0
    shown_share: float = 0.0


def write_canary(folder: Path) -> Canary:
    """The clip and its needles."""
    width_px, height_px = SIZE_PX
    clip = CanaryClip(width_px, height_px, FPS, SECONDS)
    path = folder / "canary.mkv"
    clip.write(path)
    rows: list[Picture] = []
    packets: list[Picture] = []
    converter = PictureConverter()
    with av.open(str(path)) as container:
        frames = [frame for packet in _noted(container.demux(video=0), packets) for frame in packet.decode()]
        place = np.median([converter.bgr(frame).copy() for frame in frames], 0)
        for (shot, _), frame in zip(clip.shots(), frames, strict=True):
            forms = _forms_of(frame, converter)
            covered = (np.abs(forms[1] - place) > COVERED_LEVELS).any(2)
            for person in shot.people:
                left, top, width, height = person.box
                body = (left + width // 4, top + height // 3, width // 2, height // 3)
                if body[0] >= 0 and body[0] + body[2] <= width_px and top + height <= height_px:
                    for form in forms:
                        rows += rows_of(form, body, covered)
    return Canary(path, RawNeedles(rows, packets))


def write_stream(canary: Canary, path: Path) -> Path:
    """The clip's packets as a file for `RtspServer.mount`: the very same, so that the very same frames come out of a decoder."""
    with av.open(str(canary.path)) as container, path.open("wb") as file:
        stream = container.streams.video[0]
        in_line = BitStreamFilterContext("h264_mp4toannexb", stream)
        for packet in container.demux(stream):
            for whole in in_line.filter(packet) if packet.size else ():
                data = bytes(whole)
                file.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)
    return path


def _noted(packets: Any, noted: list[Picture]) -> Iterator[Any]:
    for packet in packets:
        data = np.frombuffer(bytes(packet), np.uint8)
        # Parameter sets come again and again.
        noted.append(data[128:])
        yield packet


def _forms_of(frame: Any, converter: PictureConverter) -> list[Picture]:
    """A decoded frame in the forms in which it stands in memory: planes, BGR, RGB, grey, and the gate's smaller ones."""
    bgr = converter.bgr(frame)
    luma = frame.to_ndarray()[: frame.height]
    return [luma, bgr, bgr[..., ::-1], np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.uint8)]


def trace_folder(folder: Path) -> Path:
    """An empty folder for the trace, a gigabyte and more: in memory where there is room, so that other tests need not wait for the disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own in it
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES:
        return Path(tempfile.mkdtemp(prefix="passerby-trace-", dir=memory))
    trace = folder / "trace"
    trace.mkdir()
    return trace


class ObservedPasserby(RunningPasserby):
    """`passerby run` under strace."""

    def __init__(self, site: Path, folder: Path, leaks: tuple[str, ...]) -> None:
        self.log_path = folder / "log"
        self.trace = trace_folder(folder)
        for name in ("tmp", "here"):
            (folder / name).mkdir()
        worker = "|".join([LEAKING.format(root=str(ROOT)), str(folder / "leaks"), ",".join(leaks)]) if leaks else ""
        program = [sys.executable, "-I", "-c", PROGRAM, worker, "run", str(site), "--log", "json"]
        environ = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder / "tmp"))}
        with self.log_path.open("ab") as errors:
            self.process = subprocess.Popen(
                [*command(self.trace), *program],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environ,
                cwd=folder / "here",
            )
        self.pid = until(self._traced_pid, "a process under strace")
        self.address = ""
        self._client = httpx.Client(timeout=30)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Whoever kills strace alone leaves the traced processes running.
        for pid in [self.pid, *self.worker_pids()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        super().__exit__(kind, error, trace)
        if error is not None:
            shutil.rmtree(self.trace, ignore_errors=True)

    def _traced_pid(self) -> int:
        """The supervisor: strace starts another child for a moment, to find out what the kernel can."""
        lines = {pid: command_line(pid) for pid in children(self.process.pid)}
        return next((pid for pid, line in lines.items() if "passerby.cli" in line and not line.startswith("strace")), 0)

    def tell(self, number: int) -> None:
        """Sends a signal to the supervisor, not to strace."""
        os.kill(self.pid, number)

    def worker_pids(self) -> list[int]:
        """The sealed workers, leaking ones too."""
        return [pid for pid in children(self.pid) if any(word in command_line(pid) for word in ("passerby.sealed.worker", "leaking_worker"))]

    def painter_pids(self) -> list[int]:
        """The processes that draw."""
        return [pid for pid in children(self.pid) if "passerby.serve.painter" in command_line(pid)]


def needs_strace() -> None:
    """Skips where strace is not there or may not trace."""
    if shutil.which("strace") is None:
        pytest.skip("there is no strace here")
    if subprocess.run(["strace", "--seccomp-bpf", "-f", "-o", os.devnull, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("strace may not trace here")


def observe(
    canary: Canary,
    folder: Path,
    leaks: tuple[str, ...] = (),
    *,
    source: str = "",
    pictures: int = 4,
    crash: int | None = None,
    every: int = 4,
) -> Observation:
    """Runs a site and looks everywhere.

    Args:
        canary: What its camera shows.
        folder: An empty folder for everything that the run may write.
        leaks: Ways of `leaking_worker`; none = the product's own worker.
        source: The camera's address; "" = the clip itself, as a file.
        pictures: How many live pictures are looked at.
        crash: A signal that the worker gets when it has raw frames in its memory.
        every: Of so many scenes, all drawn, one is searched: what a plate shows stays for longer.
    """
    (folder / "leaks").mkdir()
    text = f'[site]\nname = "Canary"\nstate_folder = "{folder / "state"}"\n[server]\naddress = "127.0.0.1:0"\n'
    text += '[recording]\nfree_space_floor = "1 MB"\n' + camera_table(CAMERA, source or str(canary.path), settle_s="2")
    observation = Observation(folder=folder)
    search = Search(canary, observation, every)
    with ObservedPasserby(write_site(folder, text), folder, leaks) as run:
        observation.supervisor = run.pid
        run.started()
        if "core" in leaks:
            worker = until(lambda: next(iter(run.worker_pids()), 0), "a worker")
            until(lambda: is_gone(worker), "the worker to crash")
        else:
            run.flows(CAMERA)
        _watch(run, search, pictures, shows_raw="plate" in leaks)
        observation.in_worker = search.sees_worker(run)
        if crash is not None:
            worker = run.worker_pids()[0]
            os.kill(worker, crash)
            until(lambda: is_gone(worker), "the worker to end of a signal")
            run.flows(CAMERA)
        search.memory("supervisor's memory", [run.pid])
        run.tell(signal.SIGTERM)
        run.ended()
        observation.log = run.log()
    try:
        observation.traced = read_trace(run.trace)
    finally:
        shutil.rmtree(run.trace)
    observation.workers = search.workers()
    search.everything()
    return observation


def _watch(run: ObservedPasserby, search: "Search", pictures: int, *, shows_raw: bool) -> None:
    """Looks at live pictures, and at the memory of those who have no business with raw frames, while they are drawn."""
    if shows_raw:
        until(lambda: search.memory("supervisor's memory", [run.pid]), "a raw frame in the supervisor's memory")
    elif pictures:
        until(lambda: (run.camera(CAMERA)["withheld_share"] or 1.0) < LEAST_WITHHELD, "some of the place to be shown")
    found: list[bytes] = []
    last = b""
    for number in range(pictures):

        def fresh(before: bytes = last) -> bytes:
            with suppress(httpx.HTTPError):
                answer = run.get(f"/live/{CAMERA}.jpg")
                if answer.status_code == httpx.codes.OK and answer.content != before:
                    return answer.content
            return b""

        last = until(fresh, "a new live picture", GENEROUS_S)
        found.append(last)
        if number in {pictures // 2, pictures - 1}:
            # The process that draws ends soon after nobody asks any more, and looking through memory takes its time.
            search.memory("painter's memory", run.painter_pids())
            search.memory("supervisor's memory", [run.pid])
    search.pictures("live pictures", found)


class Search:
    """Looks through what a run left, and notes what it finds."""

    def __init__(self, canary: Canary, observation: Observation, every: int) -> None:
        self._every = every
        self._needles = canary.needles
        self._finder = CanaryFinder()
        self._observation = observation

    def heap(self, place: str, data: bytes | bytearray) -> None:
        """Looks for raw frames, also in what is packed."""
        for form in (data, *(_unpacked(bytes(data)) if len(data) < MOST_PACKED_BYTES else ())):
            self._count(place, len(form))
            hits = self._needles.hits(form)
            if hits >= SURE:
                self._observation.found[place] = max(hits, self._observation.found.get(place, 0))

    def memory(self, place: str, pids: list[int]) -> bool:
        """Looks for raw frames in the memory of processes; whether there were some."""
        before = len(self._observation.found)
        for pid in pids:
            for part in memory_of(pid):
                self._count(place, len(part.data))
                hits = self._needles.hits(part.data)
                if hits >= SURE:
                    name = f"{place}, {part.name or 'no name'}"
                    self._observation.found[name] = max(hits, self._observation.found.get(name, 0))
        return len(self._observation.found) > before

    def sees_worker(self, run: "ObservedPasserby") -> bool | None:
        """Whether there are raw frames in the memory of a worker. It is closed to all but root."""
        if os.geteuid() != 0:
            return None

        def look() -> bool:
            with suppress(OSError):
                return any(self._needles.holds(part.data) for pid in run.worker_pids() for part in memory_of(pid))
            return False

        return until(look, "raw frames in the memory of the worker")

    def pictures(self, place: str, files: list[bytes]) -> None:
        """Looks for the canary in picture files."""
        pictures = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in files]
        assert all(picture is not None for picture in pictures), f"{place}: no picture"
        self._frames(place, (np.asarray(picture, np.uint8) for picture in pictures))

    def scenes(self, place: str, scenes: list[Scene]) -> None:
        """Looks for the canary in scenes, drawn."""
        if scenes:
            renderer = Renderer(scenes[0].size, caption=False)
            drawn = ((number, renderer.render(scene)) for number, scene in enumerate(scenes))
            self._frames(place, (picture.copy() for number, picture in drawn if number % self._every == 0))

    def everything(self) -> None:
        """What processes wrote, what is left, what was recorded."""
        traced, folder = self._observation.traced, self._observation.folder
        for (pid, where), data in traced.written.items():
            kind = "sockets" if where.split(":")[0] in {"TCP", "UDP", "TCPv6", "UDPv6", "UNIX"} else "pipes" if where.startswith("pipe:") else "files"
            who = "worker" if pid in self._observation.workers else "supervisor" if pid == self._observation.supervisor else "others"
            self.heap(f"written to {kind} by {who}", data)
        for pid in self._observation.workers:
            messages = list(_messages_in(traced.pipe_of(pid)))
            scenes = [message.scene for message in messages if isinstance(message, SceneMessage)]
            self._observation.protections += [message.protections for message in messages if isinstance(message, Hello)]
            self._observation.glyphs += sum(len(scene.glyphs) for scene in scenes)
            shares = [1 - scene.health.withheld_share for scene in scenes]
            self._observation.shown_share = max([self._observation.shown_share, *shares])
            self.scenes("scenes of the worker", scenes)
        recordings = folder / "state" / "recordings"
        if recordings.is_dir():
            self.scenes("recordings", [played.scene for played in play(recordings, CAMERA, 0.0, 1e11)])
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                self.heap("files that are left", path.read_bytes())

    def workers(self) -> list[int]:
        """The sealed workers among the processes of the trace."""
        traced = self._observation.traced
        supervisor = {self._observation.supervisor}
        return sorted({*traced.processes("passerby.sealed.worker"), *traced.processes("leaking_worker")} - supervisor)

    def _frames(self, place: str, frames: Any) -> None:
        shown = 0
        for find in self._finder.in_frames(frames):
            self._count(place, 1)
            if find is not None:
                shown += 1
                self._observation.shown.append(f"{place}: {find.likeness:.2f}")
                if shown == ENOUGH:
                    return

    def _count(self, place: str, number: int) -> None:
        self._observation.searched[place] = self._observation.searched.get(place, 0) + number


def _messages_in(stream: bytes) -> Iterator[Message]:
    """What a worker said in its pipe."""
    pipe = io.BytesIO(stream)
    while (data := read_framed(pipe)) is not None:
        yield decode_message(data)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """What zstd and zlib packed, wherever it begins."""
    at = data.find(ZSTD)
    while at >= 0:
        with suppress(zstandard.ZstdError):
            yield zstandard.ZstdDecompressor().decompressobj().decompress(data[at:])
        at = data.find(ZSTD, at + 1)
    at = data.find(b"\x78\x9c")
    while at >= 0:
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(data[at:], 1 << 26)
        at = data.find(b"\x78\x9c", at + 1)


def core_dumps_work() -> bool:
    """Whether a crashing process leaves a core file in its folder on this machine."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text("utf-8").strip()
    return resource.getrlimit(resource.RLIMIT_CORE)[1] != 0 and "/" not in pattern and not pattern.startswith(("|", "@"))
