"""One worker's keeper, where somebody waits for a disk that hangs: whoever watches over the worker does not."""

import os
import signal
import threading
from typing import cast

from passerby.clock import SystemClock
from passerby.released.messages import Reason
from passerby.site.orders import Correct
from passerby.supervise.supervisor import Workers
from passerby.supervise.worker_health import WorkerHealth, WorkerState
from passerby.supervise.worker_keeper import Patience
from tests.support.drawn_worker import command, configure, order
from tests.support.listener import LONG_S, Listener
from tests.support.told import until


class Disk:
    """Reads corrections, at once or never; numbers them as they are read."""

    def __init__(self) -> None:
        self.goes_on, self.asked = threading.Event(), threading.Event()
        self.goes_on.set()

    def read(self, camera: str) -> list[Correct]:
        if not self.goes_on.is_set():
            self.asked.set()
            self.goes_on.wait(LONG_S)
        return [Correct(camera, "hall", None)]


def test_a_worker_that_gives_no_sign_of_life_is_ended_also_while_a_disk_hangs_off_which_corrections_are_read() -> None:
    disk, states = Disk(), Listener[WorkerHealth]()
    patience = Patience(beat_s=3, first_pause_s=0.01)
    heard: Listener[object] = Listener()
    workers = Workers([configure(order("a"))], SystemClock(), heard, states, patience=patience, corrections=disk.read, command=command())
    workers.start()
    reader = threading.Thread(target=workers.correct)
    try:
        states.until(lambda all_: any(one.state is WorkerState.RUNNING for one in all_))
        disk.goes_on.clear()
        reader.start()
        assert disk.asked.wait(LONG_S)
        os.kill(cast("int", workers.health()[0].pid), signal.SIGSTOP)
        until(lambda: any(one.reason is Reason.HUNG for one in states.heard), LONG_S / 2)
        assert reader.is_alive(), "the disk still hangs"
    finally:
        disk.goes_on.set()
        workers.stop(5)
        reader.join(LONG_S)
