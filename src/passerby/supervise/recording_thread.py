"""The thread that writes scenes down, with a queue of bounded size before it.

The rule of the queue: what does not fit is not recorded, is counted, and tears the camera's recording: patches of its plate are missing
from then on, so its scenes are left out until one brings the whole plate again, which is asked for at once. Neither the live view nor a
worker ever waits for the disk.
"""

import queue
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, Protocol

from passerby.clock import Clock
from passerby.errors import OutputError, words_of
from passerby.record.recorder import RecordingsHealth
from passerby.record.settings import RecordingSettings
from passerby.released.messages import SceneMessage
from passerby.supervise.journal import Journal

MOST_SCENES: Final = 2000
MOST_BYTES: Final = 24 * 1024 * 1024
"""Bytes of plate patches in the queue."""
BEHIND_BYTES: Final = MOST_BYTES // 4
"""With more than this in the queue, no whole plates are asked for."""
SCENE_BYTES: Final = 4096
"""What a scene without patches is taken to need."""
TICK_S: Final = 1.0
ASK_AGAIN_S: Final = 2.0
UNDER_WAY_S: Final = 30.0
"""A change that the recorder has begun to take is waited for so long."""


class SceneRecorder(Protocol):
    """What writes scenes down, called from one thread only: `record.recorder.Recordings`, or a stand-in."""

    def write(self, message: SceneMessage) -> bool:
        """Records a scene; whether the next one of this camera has to bring the whole plate."""
        ...

    def tick(self) -> None:
        """Does what is due: about once a second."""
        ...

    def configure(self, settings: RecordingSettings, *, by: str) -> None:
        """Takes other settings."""
        ...

    def health(self) -> RecordingsHealth:
        """How recording is."""
        ...

    def close(self) -> None:
        """Closes all segments."""
        ...


@dataclass(frozen=True, slots=True)
class RecordingHealth:
    """How recording is.

    Attributes:
        waiting: Scenes in the queue.
        waiting_bytes: Their bytes, about.
        lost: Scenes that were not recorded, by camera.
        failing: What is wrong, in words; "" = nothing is.
        alive: Whether the thread lives.
        ticked_ago_s: Seconds since it last did what is due.
        minutes: Minutes that there are, of all cameras.
        free_bytes: Free space of the disk.
    """

    waiting: int
    waiting_bytes: int
    lost: dict[str, int]
    failing: str
    alive: bool
    ticked_ago_s: float
    minutes: int = 0
    free_bytes: int = 0


class _Errand:
    """Something to be done in the thread, and where its outcome goes."""

    def __init__(self, task: Callable[[], None], done: "Future[None]") -> None:
        self._task, self._done = task, done

    def run(self) -> None:
        """Does it, unless nobody waits any more."""
        if not self._done.set_running_or_notify_cancel():
            return
        try:
            self._task()
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            self._done.set_exception(error)
        else:
            self._done.set_result(None)


class RecordingThread:
    """Runs a recorder in its own thread.

    Args:
        recorder: Writes.
        send_plate: Asks a camera's worker for its whole plate; must not block.
        clock: Time.
        journal: Is told of failures, once when they begin and once when they end.
        plate_written: Is told when a whole plate was written.
    """

    def __init__(
        self,
        recorder: SceneRecorder,
        send_plate: Callable[[str], object],
        clock: Clock,
        journal: Journal,
        plate_written: Callable[[], object] = bool,
    ) -> None:
        self._recorder, self._send_plate, self._clock, self._journal = recorder, send_plate, clock, journal
        self._plate_written = plate_written
        self._queue: queue.SimpleQueue[SceneMessage | _Errand | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting, self._waiting_bytes = 0, 0
        self._torn: set[str] = set()
        self._lost: Counter[str] = Counter()
        self._asked_at_s: dict[str, float] = {}
        self._failing = ""
        self._recordings = recorder.health()
        self._ticked_at_s = clock.monotonic_s()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)

    @property
    def is_behind(self) -> bool:
        """Whether so much waits to be written that no whole plates should be asked for."""
        return self._waiting_bytes > BEHIND_BYTES

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def put(self, message: SceneMessage) -> None:
        """Queues a scene; never blocks."""
        size_bytes = _size_bytes(message)
        with self._lock:
            fits = self._waiting < MOST_SCENES and (self._waiting == 0 or self._waiting_bytes + size_bytes <= MOST_BYTES)
            torn = message.camera in self._torn and not message.whole_plate
            if fits and not torn:
                self._torn.discard(message.camera)
                self._waiting += 1
                self._waiting_bytes += size_bytes
            else:
                self._torn.add(message.camera)
                self._lost[message.camera] += 1
        if fits and not torn:
            self._queue.put(message)
        elif fits:
            self._ask(message.camera)

    def health(self) -> RecordingHealth:
        """How recording is."""
        with self._lock:
            recordings, failing = self._recordings, self._failing
            if not failing and recordings.paused:
                failing = f"the disk is too full: {recordings.free_bytes / 1e9:.1f} GB are free, and nothing is left that may be deleted"
            if not failing and recordings.undeleted:
                failing = f"{recordings.undeleted} recordings that are due cannot be deleted"
            if not failing and recordings.receipts_waiting:
                failing = f"{recordings.receipts_waiting} receipts of deletions cannot be written yet"
            return RecordingHealth(
                waiting=self._waiting,
                waiting_bytes=self._waiting_bytes,
                lost=dict(self._lost + Counter(recordings.dropped)),
                failing=failing,
                alive=self._thread.is_alive(),
                ticked_ago_s=self._clock.monotonic_s() - self._ticked_at_s,
                minutes=sum(recordings.minutes.values()),
                free_bytes=recordings.free_bytes,
            )

    def configure(self, settings: RecordingSettings, *, by: str, within_s: float) -> None:
        """Has the recorder take other settings; waits until it did.

        Raises:
            ReceiptError: The change could not be written down: it was refused.
            OutputError: It could not be kept, or was not done in time.
        """
        done: Future[None] = Future()
        self._queue.put(_Errand(lambda: self._recorder.configure(settings, by=by), done))
        try:
            done.result(within_s)
        except TimeoutError as error:
            if done.cancel():
                raise OutputError("the recording did not take the change in time", "look at the disk, then reload again") from error
            # It is being taken just now: it must not be said that it was not.
            try:
                done.result(UNDER_WAY_S)
            except TimeoutError as hung:
                raise OutputError("the recording is still taking the change: it may take effect", "look at the disk, then at the log") from hung

    def stop(self, within_s: float) -> bool:
        """Writes what is queued and closes the recorder; whether that was done in time."""
        if self._thread.ident is None:
            return self._guarded(self._recorder.close)
        self._queue.put(None)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        last_tick_s = self._clock.monotonic_s()
        try:
            while True:
                try:
                    item = self._queue.get(timeout=TICK_S / 2)
                except queue.Empty:
                    pass
                else:
                    if item is None:
                        return
                    self._write(item) if isinstance(item, SceneMessage) else item.run()
                if self._clock.monotonic_s() - last_tick_s >= TICK_S:
                    last_tick_s = self._clock.monotonic_s()
                    self._tick()
        finally:
            self._guarded(self._recorder.close)

    def _write(self, message: SceneMessage) -> None:
        with self._lock:
            self._waiting -= 1
            self._waiting_bytes -= _size_bytes(message)
        if not self._guarded(lambda: self._record(message)):
            with self._lock:
                self._torn.add(message.camera)
                self._lost[message.camera] += 1
        if message.whole_plate:
            self._plate_written()

    def _record(self, message: SceneMessage) -> None:
        if self._recorder.write(message):
            self._ask(message.camera)

    def _tick(self) -> None:
        worked = self._guarded(self._recorder.tick)
        recordings = self._recorder.health()
        with self._lock:
            self._recordings, self._ticked_at_s = recordings, self._clock.monotonic_s()
            was, self._failing = self._failing, "" if worked else self._failing
        if was and worked:
            self._journal.info("recording works again")

    def _guarded(self, step: Callable[[], object]) -> bool:
        """Whether a step worked. What fails is told; the thread goes on, for deleting what is due must go on."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the life of the thread is supervised here
            self._fail(words_of(error))
        else:
            return True
        return False

    def _ask(self, camera: str) -> None:
        """Asks for the whole plate, not more often than every few seconds."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            if now_s - self._asked_at_s.get(camera, -ASK_AGAIN_S) < ASK_AGAIN_S:
                return
            self._asked_at_s[camera] = now_s
        self._send_plate(camera)

    def _fail(self, words: str) -> None:
        with self._lock:
            new, self._failing = words != self._failing, words
        if new:
            self._journal.error("recording failed", why=words)


def _size_bytes(message: SceneMessage) -> int:
    return SCENE_BYTES + sum(len(patch.pixels) for patch in message.scene.patches)
