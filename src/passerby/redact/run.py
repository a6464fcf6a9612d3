"""Redacts one clip: learn, replay, render, write. The raw picture lives in this process's memory only (invariant I1)."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from passerby.errors import GateError, InputError
from passerby.redact.detection import LoadedDetector, load_detector
from passerby.redact.learn import Learner
from passerby.redact.outputs import Originals, report_path, require_writable, targets_of, written_beside
from passerby.redact.replay import replay
from passerby.redact.report import Plates, Tally, report_json
from passerby.redact.settings import RedactSettings, looks_hz
from passerby.redact.stages import Stages
from passerby.released.render import Renderer
from passerby.released.scene import GateState, Scene
from passerby.released.video import Mp4Writer
from passerby.sealed.capture.clip import Clip, open_clip
from passerby.sealed.capture.readahead import Readahead
from passerby.sealed.gate.detector import Boxes, Detector
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.grid import BLOCK_PX

LOOK_THREADS: Final = 2
FAULT_NOTES: Final = {
    GateState.MOVED: "the camera moved: the place is withheld around each move, and for good where it never settled again",
    GateState.COVERED: "the camera was covered, black or out of focus for a time: all is withheld then",
    GateState.LIGHT_CHANGED: "the light was switched: the place is withheld around each switch",
    GateState.FROZEN: "the picture stood still, bit by bit, for a time: all is withheld then",
    GateState.DETECTOR_FAILED: "the detector failed for a time: all is withheld then",
}
SCENES_AHEAD: Final = 16
"""Scenes that wait for rendering: they hold no raw picture."""
Progress = Callable[[str, float], None]
"""Called with the stage's name and how much of the whole is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a redaction gave.

    Attributes:
        output: The clip.
        report: The report beside it.
        frames: Frames written.
        withheld_share: Share of the picture's blocks withheld in the last scene.
        camera_moved: Whether the camera was found to move.
        notes: Words for the user.
    """

    output: Path
    report: Path
    frames: int
    withheld_share: float
    camera_moved: bool
    notes: tuple[str, ...]


def redact_clip(
    source: Path,
    output: Path,
    settings: RedactSettings,
    loaded: LoadedDetector,
    *,
    preview: Path | None = None,
    overwrite: bool = False,
    progress: Progress = lambda _stage, _done: None,
) -> Outcome:
    """Redacts `source` into the MP4 `output`, with a report beside it.

    Raises:
        InputError: `source` cannot be read.
        OutputError: `output`, its report or `preview` cannot be written, exists, or is `source`; nothing is left behind.
    """
    targets = targets_of(output, preview)
    Originals([source]).refuse(targets)
    require_writable(targets, overwrite=overwrite)
    stages, tally = Stages(), Tally()
    with open_clip(source) as clip, _looks() as executor, ExitStack() as leaving:
        work = _Work(clip, settings, loaded.detector, executor, stages, progress)
        ahead = Readahead(work.scenes, SCENES_AHEAD)
        leaving.callback(ahead.close)
        leaving.callback(work.stop)
        scenes = iter(ahead)
        with stages.stage("learn"):
            first = next(scenes, None)
        if first is None:
            raise InputError(f"{source}: no picture could be decoded", "the file is damaged or was changed while it was read")
        renderer = Renderer(clip.info.size, show=settings.show, caption=settings.caption)
        writer = leaving.enter_context(Mp4Writer(output, clip.info.size, clip.time_base, overwrite=overwrite, pixel_aspect=clip.info.pixel_aspect))
        last = _write(chain((first,), stages.each("wait", scenes)), renderer, writer, tally, stages)
        notes = [*([loaded.word] if loaded.word else []), *_notes(clip, tally, work.bad_frames)]
        report = report_json(
            source_name=source.name,
            settings=settings,
            tally=tally,
            bad_frames=work.bad_frames,
            plates=work.plates(),
            weights={loaded.name: loaded.sha256},
            timings_ms=stages.ms,
            notes=notes,
        )
        beside = [leaving.enter_context(written_beside(report_path(output), report.encode(), overwrite=overwrite))]
        if preview is not None:
            beside.append(leaving.enter_context(written_beside(preview, _preview(renderer, last), overwrite=overwrite)))
        # Everything is on the disk now; the rest is giving names, the clip's first.
        writer.close()
        for partial in beside:
            partial.commit()
    moved = tally.has(GateState.MOVED)
    return Outcome(output, report_path(output), tally.frames, last.health.withheld_share, moved, tuple(notes))


def _write(scenes: Iterator[tuple[int, Scene]], renderer: Renderer, writer: Mp4Writer, tally: Tally, stages: Stages) -> Scene:
    """Renders, writes and counts all scenes, the first at time 0. Returns the last one."""
    start_pts: int | None = None
    last: Scene | None = None
    for pts, scene in scenes:
        start_pts = pts if start_pts is None else start_pts
        with stages.stage("render"):
            picture = renderer.render(scene)
        with stages.stage("encode"):
            writer.write(picture, pts - start_pts)
        tally.count(scene)
        last = scene
    if last is None:
        raise RuntimeError("there is a first scene")
    return last


def scenes_of(source: Path, settings: RedactSettings, loaded: LoadedDetector | None = None) -> Iterator[tuple[int, Scene]]:
    """The scene of each frame of a clip, with the frame's number from 0, as `redact_clip` renders them."""
    detector = (loaded or load_detector(settings.detector, settings.device)).detector
    with open_clip(source) as clip, _looks() as executor:
        for number, (_, scene) in enumerate(_Work(clip, settings, detector, executor, Stages(), lambda _stage, _done: None).scenes()):
            yield number, scene


@contextmanager
def _looks() -> Iterator[Executor]:
    """Threads for looks. OpenCV's own threads would only stand in their way."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    executor = ThreadPoolExecutor(LOOK_THREADS, thread_name_prefix="look")
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        cv2.setNumThreads(before)


class _Stoppable:
    """A detector that looks no more once the work was stopped: the looks before a release of a large picture take many seconds."""

    def __init__(self, detector: Detector, stopped: threading.Event) -> None:
        self._detector, self._stopped = detector, stopped
        self.input_px = detector.input_px

    def detect(self, picture: NDArray[np.uint8]) -> Boxes:
        """What the detector finds. Raises GateError once the work was stopped."""
        _go_on(self._stopped)
        return self._detector.detect(picture)


def _go_on(stopped: threading.Event) -> None:
    if stopped.is_set():
        raise GateError("the redaction was stopped")


class _Work:
    """One clip on its way through the gate."""

    def __init__(self, clip: Clip, settings: RedactSettings, detector: Detector, executor: Executor, stages: Stages, progress: Progress) -> None:
        self._clip, self._settings, self._executor = clip, settings, executor
        self._stages, self._progress = stages, progress
        self._plates: Plates | None = None
        self._stopped = threading.Event()
        self._detector = _Stoppable(detector, self._stopped)
        self.bad_frames = 0
        """Frames of another size than the first, once all scenes went by."""
        length_s = clip.info.duration_s or 0.0
        self._from_s = settings.from_s or 0.0
        self._length_s = max(1e-3, min(settings.to_s or length_s, length_s or settings.to_s or 1.0) - self._from_s)

    def scenes(self) -> Iterator[tuple[int, Scene]]:
        """Each frame's time in ticks, with its scene."""
        return self._streamed() if self._settings.streaming else self._learned()

    def plates(self) -> Plates:
        """The plates, once all scenes went by."""
        if self._plates is None:
            raise RuntimeError("the clip has not been seen to its end")
        return self._plates

    def _learned(self) -> Iterator[tuple[int, Scene]]:
        settings, size = self._settings, self._clip.info.size
        gate = replace(settings.gate, looks_hz=looks_hz(settings.gate, self._length_s))
        learner = Learner(size, gate, self._detector, self._executor)
        lesson = learner.run(self._clip, settings.from_s, settings.to_s, lambda time_s: self._say("learning the place", time_s, 0.0))
        segments = lesson.segments
        self._plates = Plates(size, BLOCK_PX, [s.from_s for s in segments], [s.plate for s in segments])
        for frame, scene in replay(self._clip.frames(settings.from_s, settings.to_s), lesson, gate):
            pts, time_s = frame.pts, frame.time_s
            self.bad_frames += frame.size != size
            del frame
            self._say("writing", time_s, 0.5)
            yield pts, scene

    def _streamed(self) -> Iterator[tuple[int, Scene]]:
        settings, size = self._settings, self._clip.info.size
        gate = Gate(size, settings.gate, self._detector, executor=self._executor)
        for frame in self._clip.frames(settings.from_s, settings.to_s):
            wrong = frame.size != size
            self.bad_frames += wrong
            if frame.damaged:
                scene = gate.withheld(frame.time_s, GateState.BAD_FRAME)
            else:
                wanted = wrong or gate.wants_picture(frame.time_s)
                scene = gate.see(frame.bgr() if wanted else None, frame.time_s)
            pts, time_s = frame.pts, frame.time_s
            del frame
            self._say("writing", time_s, None)
            yield pts, scene
        self._plates = Plates(size, BLOCK_PX, [self._from_s], [gate.plate.learned()])

    def stop(self) -> None:
        """Ends the work at the next frame: whoever waited for it has left."""
        self._stopped.set()

    def _say(self, stage: str, time_s: float, base: float | None) -> None:
        _go_on(self._stopped)
        part = min(1.0, max(0.0, (time_s - self._from_s) / self._length_s))
        self._progress(stage, part if base is None else base + part / 2)


def _notes(clip: Clip, tally: Tally, bad_frames: int) -> list[str]:
    """Words about what went wrong without stopping the work."""
    notes = []
    if clip.damaged:
        notes.append(f"{clip.damaged} damaged packets or pictures in the clip")
    if clip.repaired:
        notes.append(f"{clip.repaired} timestamps of the clip were missing or wrong and were repaired")
    if bad_frames:
        notes.append(f"{bad_frames} frames have another size than the first and are withheld")
    return notes + [words for state, words in FAULT_NOTES.items() if tally.has(state)]


def _preview(renderer: Renderer, scene: Scene) -> bytes:
    """The plate with held blocks, as a PNG: rendered from the last scene without its glyphs and cells."""
    bare = msgspec.structs.replace(scene, glyphs=(), cells=(), patches=())
    return cv2.imencode(".png", renderer.render(bare))[1].tobytes()
