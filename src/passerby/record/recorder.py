"""The recordings of a running site: takes scenes, closes minutes, deletes what is due, keeps holds. Called from one thread at a time.

What can fail and is not the caller's fault (a full disk, a failing one) is outlived: what is due is deleted in any case, the error is raised at the
end of the step, and the next step tries again.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

from passerby.clock import Clock
from passerby.errors import RecordingError
from passerby.record.ages import Ages, Era, Moment
from passerby.record.camera_recorder import CameraRecorder
from passerby.record.deleting import Deleter
from passerby.record.folder import CameraFolder, Stock, cameras_in
from passerby.record.holds import Hold, Holds
from passerby.record.machine import Machine, ThisMachine
from passerby.record.playback import PlayedScene, play
from passerby.record.promises import read_promises
from passerby.record.receipts import OURS, Act, Receipt, ReceiptSink
from passerby.record.recovery import tidy
from passerby.record.retention import KeptCamera, sweep
from passerby.record.settings import RecordingSettings
from passerby.record.space import FreeSpace, Room, free_space
from passerby.released.durable import make_folder
from passerby.released.messages import SceneMessage
from passerby.released.partial_file import output_error

SWEEP_S: Final = 5.0
"""What is due is looked for so often."""
LATEST_S: Final = 60.0
"""No scene is older when it comes; one that says so came when it came."""


@dataclass(frozen=True, slots=True)
class RecordingsHealth:
    """How recording is.

    Attributes:
        minutes: Minutes that there are, by camera.
        dropped: Scenes that could not be recorded, by camera.
        paused: Whether nothing is recorded since the disk is too full.
        free_bytes: Free space.
        receipts_waiting: Receipts of deletions that could not be written yet.
        undeleted: Files that are due and could not be removed.
        holds: Holds in force.
    """

    minutes: dict[str, int]
    dropped: dict[str, int]
    paused: bool
    free_bytes: int
    receipts_waiting: int
    undeleted: int
    holds: tuple[Hold, ...]


class _Found(NamedTuple):
    """What a camera's folder held when it was looked through, once."""

    folder: CameraFolder
    segments: Stock
    plates: Stock

    @classmethod
    def of(cls, folder: CameraFolder) -> Self:
        return cls(folder, folder.segment_stock(), folder.plate_stock())


class Recordings:
    """The recordings in a folder, which no other process may write at the same time. Opening it deletes what is due and recovers the rest.

    Any thread may call it, one at a time gets in; `write` and `tick` are for one thread.

    Args:
        folder: Where; made if it is not there.
        settings: What is recorded and for how long.
        clock: Time.
        receipts: Where acts are written down.
        by: Who configured it.
        machine: The machine's running clock.
        free: Tells the free space.
        promise: Whether the settings' retentions are promised now; else only what was promised before is kept, and nothing is recorded.

    Raises:
        OutputError: The folder cannot be written.
        ReceiptError: A change of retention could not be written down.
    """

    def __init__(
        self,
        folder: Path,
        settings: RecordingSettings,
        clock: Clock,
        receipts: ReceiptSink,
        *,
        by: str = OURS,
        machine: Machine | None = None,
        free: FreeSpace = free_space,
        promise: bool = True,
    ) -> None:
        self.folder = folder
        self._settings, self._clock, self._receipts = settings, clock, receipts
        self._machine = machine or ThisMachine()
        self._lock = threading.RLock()
        self._deleter = Deleter(receipts, clock)
        try:
            make_folder(folder)
            tidy(folder)
            found = [_Found.of(CameraFolder(folder, camera)) for camera in cameras_in(folder)]
            last_era = max((name.era for one in found for stock in (one.segments, one.plates) for name in stock.names), default=-1)
            self._ages = Ages(folder / "clock.json", clock, self._machine, last_era=last_era, on_step=self._stepped)
            self._holds = Holds(folder / "holds.json", self._ages, clock, receipts, self._deleter.note)
            self._room = Room(folder, free, self._ages, self._holds, self._deleter)
            self._cameras: dict[str, KeptCamera] = {}
            for one in found:
                self._add_camera(one)
                self._deleter.note_missing(one.folder, tuple(one.segments.gone))
        except OSError as error:
            raise output_error(folder, error) from error
        self._swept_s = self._flushed_s = self._machine.running_s()
        self._sweep()
        self._recover()
        self._room.make(self._cameras, settings.free_space_floor_bytes, None)
        if promise:
            self.configure(settings, by=by)

    def configure(self, settings: RecordingSettings, *, by: str) -> None:
        """Takes other settings. Each changed retention is written down before it takes effect.

        Raises:
            ReceiptError: That could not be written down: it stays as it was.
            OutputError: The new promise could not be kept.
        """
        with self._lock:
            for camera, retention_s in settings.retention_s.items():
                if camera not in self._cameras:
                    self._add_camera(_Found.of(CameraFolder(self.folder, camera)))
                self._promise(camera, retention_s, by)
            self._settings = settings
            self._sweep()

    def write(self, message: SceneMessage) -> bool:
        """Records a scene; whether the next one of this camera has to bring the whole plate.

        Raises:
            OutputError: It could not be recorded.
        """
        with self._lock:
            camera = self._cameras.get(message.camera)
            if camera is None or message.camera not in self._settings.retention_s:
                return False
            if self._room.paused:
                camera.recorder.dropped += 1
                return False
            now = self._ages.now()
            # In our own wall time as it is now, so that it lies in the era of now: the worker read its clock before a step, perhaps.
            late_s = self._clock.monotonic_s() - message.captured_monotonic_s
            captured = Moment(now.era, now.wall_s - (late_s if 0.0 <= late_s <= LATEST_S else 0.0))
            try:
                camera.recorder.write(message, captured)
            except OSError as error:
                self._room.make(self._cameras, self._settings.free_space_floor_bytes, error)
                self._write_again(camera.recorder, message, captured)
            return camera.recorder.wants_plate

    def wants_plate(self, camera: str) -> bool:
        """Whether the next scene of this camera has to bring the whole plate."""
        with self._lock:
            return not self._room.paused and camera in self._cameras and self._cameras[camera].recorder.wants_plate

    def tick(self) -> None:
        """Does what is due: about once a second. Everything is tried, whatever fails.

        Raises:
            OutputError: Something could not be written. It is tried again with the next tick.
        """
        with self._lock:
            now, running_s = self._ages.now(), self._machine.running_s()
            flush = running_s - self._flushed_s >= self._settings.flush_s
            failed: OSError | None = None
            for camera in self._cameras.values():
                try:
                    camera.recorder.close_if_over(now)
                    camera.recorder.finish_rest()
                    if flush:
                        camera.recorder.flush()
                except OSError as error:
                    failed = error
            # What failed is tried again at once with the next tick, and all of what is due is flushed then.
            self._flushed_s = running_s if flush and failed is None else self._flushed_s
            with contextlib.suppress(OSError):  # holds as they were known
                self._holds.refresh()
            if self._holds.end_over() or running_s - self._swept_s >= SWEEP_S:
                self._sweep()
            self._room.make(self._cameras, self._settings.free_space_floor_bytes, failed)
            self._deleter.write_waiting()
            if failed is not None:
                raise output_error(self.folder, failed) from failed

    def close(self) -> None:
        """Closes all minutes and plate files.

        Raises:
            OutputError: One could not be closed; it is recovered at the next start.
        """
        with self._lock:
            failed: OSError | None = None
            for camera in self._cameras.values():
                try:
                    camera.recorder.close()
                except OSError as error:
                    failed = error
            self._deleter.write_waiting()
            self._ages.close()
            if failed is not None:
                raise output_error(self.folder, failed) from failed

    def hold(self, camera: str, from_s: float, to_s: float, until_s: float, *, why: str, by: str) -> Hold:
        """Keeps a camera's recordings of [from_s, to_s) until `until_s`, all by the wall clock. Written down first.

        Raises:
            RecordingError: The times make no sense, or the end is beyond the bound.
            ReceiptError: It could not be written down.
            OutputError: It could not be kept.
        """
        with self._lock:
            if camera not in self._cameras:
                raise RecordingError(f"there are no recordings of a camera '{camera}'", f"cameras: {', '.join(sorted(self._cameras)) or 'none'}")
            limit_s = self._cameras[camera].promises.limit_s(Moment(self._ages.era, from_s))
            latest_s = from_s + limit_s + self._settings.max_hold_s
            return self._holds.make(camera, from_s, to_s, until_s, latest_s=latest_s, why=why, by=by)

    def end_hold(self, hold_id: str, *, by: str) -> None:
        """Ends a hold before its time. What is due by then is deleted at once.

        Raises:
            RecordingError: There is no such hold.
            ReceiptError: It could not be written down.
            OutputError: It could not be ended.
        """
        with self._lock:
            self._holds.end(hold_id, by=by)
            self._sweep()

    def play(self, camera: str, from_s: float, to_s: float, *, by: str, why: str) -> Iterator[PlayedScene]:
        """The scenes of a camera's [from_s, to_s), by the wall clock. That they are viewed is written down first.

        Raises:
            ReceiptError: It could not be written down.
        """
        wall_s = self._clock.wall_s()
        self._receipts.write(Receipt(kind=Act.VIEWED, wall_s=wall_s, by=by, camera=camera, from_s=from_s, to_s=to_s, why=why))
        return play(self.folder, camera, from_s, to_s)

    def health(self) -> RecordingsHealth:
        """How recording is."""
        with self._lock:
            return RecordingsHealth(
                minutes={name: len(camera.recorder.shelf) for name, camera in self._cameras.items()},
                dropped={name: camera.recorder.dropped for name, camera in self._cameras.items()},
                paused=self._room.paused,
                free_bytes=self._room.free_bytes() or 0,
                receipts_waiting=len(self._deleter.waiting) + self._deleter.left_out,
                undeleted=self._deleter.failed,
                holds=self._holds.all,
            )

    def _write_again(self, camera: CameraRecorder, message: SceneMessage, captured: Moment) -> None:
        """Records a scene for which room was made; gives it up if it cannot be recorded still."""
        if self._room.paused:
            camera.dropped += 1
            return
        try:
            camera.write(message, captured)
        except OSError as error:
            camera.abandon()
            camera.dropped += 1
            raise output_error(self.folder, error) from error

    def _add_camera(self, found: "_Found") -> None:
        folder, camera = found.folder, found.folder.camera
        recorder, promises = CameraRecorder(folder, self._ages, found.segments, found.plates), read_promises(folder.promises)
        if promises.retention_s is None and len(recorder.shelf):
            # A lost file must not take the recordings along: what is configured is taken for what was promised.
            assumed_s = self._settings.retention_s.get(camera, min(self._settings.retention_s.values(), default=0.0))
            promises = promises.made(Moment(0, 0.0), assumed_s)
            wall_s = self._clock.wall_s()
            self._deleter.note(
                Receipt(kind=Act.CONFIGURED, wall_s=wall_s, by=OURS, camera=camera, seconds=assumed_s, why="promises.json was lost or damaged")
            )
            with contextlib.suppress(OSError):
                promises.save(folder.promises)
        self._cameras[camera] = KeptCamera(recorder, promises)

    def _promise(self, camera: str, retention_s: float, by: str) -> None:
        """Makes a promise of another retention, if it is another one."""
        kept = self._cameras[camera]
        before_s = kept.promises.retention_s
        kept.recorder.span_s = retention_s
        if before_s == retention_s:
            return
        moment = self._ages.now()
        why = "first retention" if before_s is None else f"was {before_s:g} s"
        self._receipts.write(Receipt(kind=Act.CONFIGURED, wall_s=moment.wall_s, by=by, camera=camera, seconds=retention_s, why=why))
        promises = kept.promises.made(moment, retention_s)
        try:
            make_folder(kept.recorder.folder.path)
            promises.save(kept.recorder.folder.promises)
        except OSError as error:
            raise output_error(self.folder, error) from error
        kept.promises = promises

    def _recover(self) -> None:
        """Closes what a crash left under way."""
        for name, camera in self._cameras.items():
            try:
                recovered = camera.recorder.recover()
            except OSError as error:
                self._room.make(self._cameras, self._settings.free_space_floor_bytes, error)
                continue
            if recovered:
                self._deleter.note(Receipt(kind=Act.RECOVERED, wall_s=self._clock.wall_s(), by=OURS, camera=name, files=recovered))

    def _sweep(self) -> None:
        self._swept_s = self._machine.running_s()
        sweep(self._cameras, self._ages, self._holds, self._deleter)

    def _stepped(self, era: Era, wall_s: float) -> None:
        self._deleter.note(Receipt(kind=Act.CLOCK_STEPPED, wall_s=wall_s, by=OURS, seconds=round(era.step_s, 3)))
