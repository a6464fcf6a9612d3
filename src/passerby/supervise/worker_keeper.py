"""Keeps one worker running: starts a process, listens to it, and starts another one, after a pause, when it ends.

A process that gives no sign of life in time is killed; so is one that says what no worker says. Both then count as ended.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from passerby.clock import Clock
from passerby.errors import SceneError
from passerby.released.messages import Beat, Hello, Message, Protection, Reason, Trouble
from passerby.released.scene import Scene
from passerby.site.orders import Command, Configure, Correct, RestorePlate, Stop
from passerby.supervise.worker_health import WorkerHealth, WorkerState
from passerby.supervise.worker_process import WORKER, WorkerProcess, exit_words

OnMessage = Callable[[Message], None]
OnWorker = Callable[[WorkerHealth], None]
KeptPlate = Callable[[str], Scene | None]
"""The plate of a camera, all of it in the patches of one scene; None = none is kept."""
CorrectionsOf = Callable[[str], Sequence[Correct]]
"""How counts of a camera's zones are corrected."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for a worker, in seconds.

    Attributes:
        first_beat_s: From its start to its first sign of life: libraries and weights are loaded meanwhile.
        beat_s: Between two signs of life, which come each second.
        first_pause_s: Between its end and the next start, the first time; each time after, twice as long.
        most_pause_s: At most, so.
        steady_s: Who lived so long has begun well: the next pause is the first one again.
    """

    first_beat_s: float = 90.0
    beat_s: float = 10.0
    first_pause_s: float = 0.5
    most_pause_s: float = 30.0
    steady_s: float = 60.0


@dataclass(slots=True)
class _Life:
    """What is known of the process that runs; under the keeper's lock."""

    process: WorkerProcess
    born_s: float
    protections: tuple[Protection, ...] = ()
    beat: Beat | None = None
    beat_at_s: float | None = None
    last_words: Trouble | None = None
    hung: bool = False
    lied: str = ""


@dataclass(slots=True)
class _Past:
    """What is known of the processes that ended; under the keeper's lock."""

    restarts: int = 0
    short_lives: int = 0
    reason: Reason = Reason.NONE
    word: str = ""
    protections: tuple[Protection, ...] = field(default_factory=tuple)


class WorkerKeeper:
    """One worker, through all its processes.

    Args:
        configure: Its cameras.
        clock: What time it is.
        on_message: Gets every message, in the keeper's thread.
        on_worker: Gets the worker's health when its state changes, in the keeper's thread.
        patience: How long is waited.
        kept_plate: The plate of a camera that a new process may begin with, asked for in the keeper's thread.
        corrections: Of a camera's counts, asked for in the keeper's thread, and in that of who has them sent anew.
        command: How a process is started.
    """

    def __init__(
        self,
        configure: Configure,
        clock: Clock,
        on_message: OnMessage,
        on_worker: OnWorker,
        patience: Patience,
        kept_plate: KeptPlate,
        corrections: CorrectionsOf,
        command: Sequence[str] = WORKER,
    ) -> None:
        self.configure = configure
        self.cameras = tuple(order.camera for order in configure.cameras)
        self._clock = clock
        self._on_message, self._on_worker = on_message, on_worker
        self._patience = patience
        self._kept_plate, self._corrections = kept_plate, corrections
        self._reading, self._correcting = threading.Lock(), threading.Lock()
        """Held while corrections are read, off a disk that may hang; and while they are told, for which nobody waits for long."""
        self._untold: deque[Correct] = deque()
        """Corrections that the process has not been told of."""
        self._command = command
        self._changed = threading.Condition()
        self._life: _Life | None = None
        self._past = _Past()
        self._state = WorkerState.STOPPED
        self._stopping = False
        # It starts the processes and outlives them: Linux ends a worker together with the thread that started it.
        self._thread = threading.Thread(target=self._keep, name="passerby-keeper", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def send(self, command: Command) -> bool:
        """Whether a command could be handed to a process that runs."""
        with self._changed:
            life = self._life
        return life is not None and life.process.send(command)

    def begin_stop(self) -> None:
        """Tells the process to end, and lets no other one begin."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if not self.send(Stop()):
            self.kill()

    def kill(self) -> None:
        """Ends the process at once."""
        with self._changed:
            life = self._life
        if life is not None:
            life.process.kill()

    def join(self, within_s: float) -> bool:
        """Whether the last process has ended within so many seconds."""
        if self._thread.ident is None:
            return True
        self._thread.join(max(0.0, within_s))
        return not self._thread.is_alive()

    def watch(self, excused_until_s: float) -> None:
        """Kills a process that gave no sign of life in time; before `excused_until_s`, nobody could have heard one. To be called once a second."""
        self._tell_corrections()
        now_s, patience = self._clock.monotonic_s(), self._patience
        with self._changed:
            life = self._life
            if life is None:
                return
            late_s = now_s - max(excused_until_s, life.born_s if life.beat_at_s is None else life.beat_at_s)
            if late_s <= (patience.first_beat_s if life.beat_at_s is None else patience.beat_s):
                return
            life.hung = True
        life.process.kill()

    def health(self) -> WorkerHealth:
        """How the worker is."""
        with self._changed:
            life, past = self._life, self._past
            beat = None if life is None else life.beat
            return WorkerHealth(
                cameras=self.cameras,
                pid=None if life is None else life.process.pid,
                state=self._state,
                restarts=past.restarts,
                reason=past.reason,
                word=past.word,
                protections=() if life is None else life.protections,
                beat_age_s=None if life is None or life.beat_at_s is None else max(0.0, self._clock.monotonic_s() - life.beat_at_s),
                cpu_s=0.0 if beat is None else beat.cpu_s,
                resident_bytes=0 if beat is None else beat.resident_bytes,
            )

    def _keep(self) -> None:
        while not self._stopping:
            self._live()
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, pause_s(self._patience, self._past.short_lives))
        self._enter(WorkerState.STOPPED)

    def _live(self) -> None:
        """One process from its start to its end."""
        try:
            process = WorkerProcess(self._command, frozenset(self.cameras))
        except OSError as error:
            self._bury(None, Reason.CRASHED, f"cannot be started: {error.strerror}")
            return
        life = _Life(process, self._clock.monotonic_s())
        with self._changed:
            self._life = life
        self._enter(WorkerState.STARTING)
        try:
            process.configure(self.configure, self._kept_plates())
            self.correct()
            if self._stopping:
                process.kill()  # the Stop came before there was a process to tell
            for message in process.messages():
                self._hear(life, message)
        except SceneError as error:
            life.lied = str(error)
        except Exception as error:  # noqa: BLE001 - whoever takes messages must not leave a worker without a listener
            life.lied = f"its messages could not be taken: {type(error).__name__}"
        finally:
            code = process.end()
        self._bury(life, *_cause(life, code))

    def correct(self) -> None:
        """Has the process told how counts are corrected from now on. What its pipe does not take now is told with the next `watch`."""
        with self._reading:  # or one that was read before might be told after one that was read later
            found = deque(self._corrections_now())
            with self._correcting:
                self._untold = found
        self._tell_corrections()

    def _tell_corrections(self) -> None:
        with self._correcting:
            while self._untold and self.send(self._untold[0]):
                self._untold.popleft()

    def _corrections_now(self) -> list[Correct]:
        found: list[Correct] = []
        for camera in self.cameras:
            with contextlib.suppress(Exception):  # without it the detector's counts stand
                found += self._corrections(camera)
        return found

    def _kept_plates(self) -> list[RestorePlate]:
        kept = []
        for camera in self.cameras:
            # Without its plate a camera settles anew; a recording that cannot be read must not keep its worker from starting.
            with contextlib.suppress(Exception):
                scene = self._kept_plate(camera)
                kept += [] if scene is None else [RestorePlate(camera, scene)]
        return kept

    def _hear(self, life: _Life, message: Message) -> None:
        begun = False
        with self._changed:
            match message:
                case Hello(protections=protections):
                    life.protections = protections
                case Beat():
                    begun = life.beat is None
                    life.beat, life.beat_at_s = message, self._clock.monotonic_s()
                case Trouble(camera=None):
                    life.last_words = message
                case _:
                    pass
        if begun:
            self._enter(WorkerState.RUNNING)
        self._on_message(message)

    def _bury(self, life: _Life | None, reason: Reason, word: str) -> None:
        with self._changed:
            self._life = None
            if self._stopping:
                return
            lived_s = 0.0 if life is None else self._clock.monotonic_s() - life.born_s
            past = self._past
            short_lives = 0 if lived_s >= self._patience.steady_s else past.short_lives + (past.restarts > 0)
            self._past = _Past(past.restarts + 1, short_lives, reason, word)
        self._enter(WorkerState.WAITING)

    def _enter(self, state: WorkerState) -> None:
        with self._changed:
            self._state = state
        # Whoever is told of workers must not leave one without its keeper.
        with contextlib.suppress(Exception):
            self._on_worker(self.health())


def pause_s(patience: Patience, short_lives: int) -> float:
    """How long to wait before the next start, after so many processes in a row that ended soon."""
    return min(patience.most_pause_s, patience.first_pause_s * (1 << min(short_lives, 16)))


def _cause(life: _Life, code: int) -> tuple[Reason, str]:
    """Why a process ended, and a word."""
    if life.hung:
        return Reason.HUNG, "no sign of life"
    if life.lied:
        return Reason.CRASHED, life.lied
    if life.last_words is not None:
        return life.last_words.reason, f"{exit_words(code)}: {life.last_words.error}"
    return Reason.CRASHED, exit_words(code)
