"""The workers of a site: started, watched, restarted, each for itself. The end of one touches no other."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from passerby.clock import Clock
from passerby.errors import SettingsError
from passerby.site.orders import Configure, SendPlate
from passerby.supervise.worker_health import WorkerHealth
from passerby.supervise.worker_keeper import CorrectionsOf, KeptPlate, OnMessage, OnWorker, Patience, WorkerKeeper
from passerby.supervise.worker_process import WORKER

WATCH_S: Final = 1.0
ASLEEP_S: Final = 3.0
"""Who watches once a second and finds more than that gone was itself stopped, or the machine was: no worker is late because of that."""
KILLED_WITHIN_S: Final = 2.0
PATIENCE: Final = Patience()


def no_plate(_: str) -> None:
    """No plate is kept."""


def no_corrections(_: str) -> tuple[()]:
    """No count is corrected."""
    return ()


def nobody(_: WorkerHealth) -> None:
    """Takes a worker's health and does nothing."""


class Workers:
    """All workers of a site.

    Args:
        configures: What each worker is told; a camera belongs to one of them.
        clock: What time it is.
        on_message: Gets every message of every worker, in that worker's thread: quick, or messages wait in the worker and grow old.
        on_worker: Gets a worker's health when its state changes, in that worker's thread.
        patience: How long is waited for a worker.
        kept_plate: The plate of a camera that a new process may begin with; by default it begins with nothing. Asked for in a worker's thread.
        corrections: How counts of a camera are corrected; by default not at all. Asked for in workers' threads.
        command: How a worker process is started.

    Example:
        workers = Workers(orders(site, models_folder), SystemClock(), queue.put)
        workers.start()
        workers.send_plate("entrance")
        workers.stop(4.0)
    """

    def __init__(
        self,
        configures: Iterable[Configure],
        clock: Clock,
        on_message: OnMessage,
        on_worker: OnWorker = nobody,
        *,
        patience: Patience = PATIENCE,
        kept_plate: KeptPlate = no_plate,
        corrections: CorrectionsOf = no_corrections,
        command: Sequence[str] = WORKER,
    ) -> None:
        self._clock = clock
        self._on_message, self._on_worker = on_message, on_worker
        self._patience = patience
        self._kept_plate, self._corrections = kept_plate, corrections
        self._command = command
        self._changing = threading.Lock()
        self._keepers = [self._keeper(configure) for configure in _disjoint(configures)]
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._watch_all, name="passerby-watch", daemon=True)

    def start(self) -> None:
        """Starts all workers; returns at once."""
        for keeper in self._keepers:
            keeper.start()
        self._watch.start()

    def changed_by(self, configures: Iterable[Configure]) -> frozenset[str]:
        """The cameras whose own orders would be others; not those that only share a worker with one of them."""
        before = dict(_each_order(keeper.configure for keeper in self._keepers))
        after = dict(_each_order(configures))
        return frozenset(camera for camera, order in before.items() if after.get(camera) != order)

    def replace(self, configures: Iterable[Configure], within_s: float) -> None:
        """Goes on with other workers: whose orders stay the same are not touched, the others end within so many seconds, new ones start."""
        wanted = _disjoint(configures)
        with self._changing:
            kept = [keeper for keeper in self._keepers if keeper.configure in wanted]
            known = [keeper.configure for keeper in kept]
            self._end([keeper for keeper in self._keepers if keeper not in kept], within_s)
            new = [self._keeper(configure) for configure in wanted if configure not in known]
            self._keepers = kept + new
            for keeper in new:
                keeper.start()

    def stop(self, within_s: float) -> bool:
        """Ends all workers: they are told, and after so many seconds killed. Returns whether all ended when they were told."""
        self._ended.set()
        with self._changing:
            return self._end(self._keepers, within_s)

    def send_plate(self, camera: str) -> bool:
        """Whether the worker of this camera could be asked for the whole plate; it comes with the camera's next scene."""
        return any(keeper.send(SendPlate(camera)) for keeper in self._keepers if camera in keeper.cameras)

    def correct(self) -> None:
        """Tells all workers how counts are corrected from now on."""
        for keeper in list(self._keepers):  # one that is new is told so by itself
            keeper.correct()

    def health(self) -> tuple[WorkerHealth, ...]:
        """How each worker is."""
        return tuple(keeper.health() for keeper in self._keepers)

    def _keeper(self, configure: Configure) -> WorkerKeeper:
        return WorkerKeeper(
            configure, self._clock, self._on_message, self._on_worker, self._patience, self._kept_plate, self._corrections, self._command
        )

    def _end(self, keepers: Sequence[WorkerKeeper], within_s: float) -> bool:
        for keeper in keepers:
            keeper.begin_stop()
        until_s = self._clock.monotonic_s() + within_s
        late = [keeper for keeper in keepers if not keeper.join(until_s - self._clock.monotonic_s())]
        for keeper in late:
            keeper.kill()
        for keeper in late:
            keeper.join(KILLED_WITHIN_S)
        return not late

    def _watch_all(self) -> None:
        watched_s = excused_until_s = self._clock.monotonic_s()
        while not self._ended.wait(WATCH_S):
            now_s = self._clock.monotonic_s()
            if now_s - watched_s > ASLEEP_S:
                excused_until_s = now_s
            watched_s = now_s
            for keeper in self._keepers:
                keeper.watch(excused_until_s)


def _each_order(configures: Iterable[Configure]) -> Iterator[tuple[str, Configure]]:
    """Each camera, and all that its worker is told about it."""
    for configure in configures:
        for order in configure.cameras:
            yield order.camera, msgspec.structs.replace(configure, cameras=(order,))


def _disjoint(configures: Iterable[Configure]) -> tuple[Configure, ...]:
    """The configures. Raises SettingsError where two workers have one camera."""
    listed = tuple(configures)
    names = [order.camera for configure in listed for order in configure.cameras]
    if len(names) != len(set(names)):
        raise SettingsError("a camera is ordered twice", "each camera has an id of its own and belongs to one worker")
    return listed
