"""Workers as real processes, ended by real signals."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from passerby.clock import SystemClock
from passerby.errors import SettingsError
from passerby.measure.crowd import MOST_COUNTS, trained
from passerby.released.messages import Beat, Hello, Reason, SceneMessage
from passerby.released.scene import Scene
from passerby.site.orders import Configure, Correct, encode_command
from passerby.supervise.supervisor import Workers
from passerby.supervise.worker_health import WorkerHealth, WorkerState
from passerby.supervise.worker_keeper import Patience, pause_s
from tests.measure.test_crowd import counted
from tests.support.drawn_worker import ROOT, Behaviour, command, configure, order
from tests.support.listener import LONG_S, Listener, is_gone, received, scenes_of, scenes_since_hello
from tests.support.scenes import shown_blocks
from tests.support.told import until

BRISK = Patience(first_pause_s=0.01, most_pause_s=0.05)


@dataclass
class Running:
    """Workers and what they said."""

    workers: Workers
    messages: Listener[object]
    states: Listener[WorkerHealth]

    def health(self, camera: str) -> WorkerHealth:
        return next(h for h in self.workers.health() if camera in h.cameras)

    def pid(self, camera: str) -> int:
        """Of the worker of a camera, once it gave a scene."""
        self.until_scenes(camera, 1)
        return cast("int", self.health(camera).pid)

    def until_scenes(self, camera: str, number: int, *, after: int = 0) -> list[SceneMessage]:
        return scenes_of(self.messages.until(lambda heard: len(scenes_of(heard, camera)) >= number, after=after), camera)

    def until_state(self, camera: str, wanted: Callable[[WorkerHealth], bool], *, after: int = 0) -> WorkerHealth:
        states = self.states.until(lambda heard: any(camera in h.cameras and wanted(h) for h in heard), after=after)
        return next(h for h in states if camera in h.cameras and wanted(h))


@contextmanager
def running(*configures: Configure, patience: Patience = BRISK, how: Sequence[str] | None = None, on_message: Any = None) -> Iterator[Running]:
    messages: Listener[object] = Listener()
    states: Listener[WorkerHealth] = Listener()
    workers = Workers(configures, SystemClock(), on_message or messages, states, patience=patience, command=how or command())
    workers.start()
    try:
        yield Running(workers, messages, states)
    finally:
        workers.stop(5)


def test_all_cameras_of_all_workers_give_scenes() -> None:
    with running(configure(order("a"), order("b")), configure(order("c"))) as site:
        for camera in "abc":
            site.until_scenes(camera, 3)
        assert site.health("a").cameras == ("a", "b")
        site.until_state("c", lambda h: h.state is WorkerState.RUNNING)
        health = site.health("c")
        assert (health.state, health.restarts, health.reason) == (WorkerState.RUNNING, 0, Reason.NONE)
        assert health.beat_age_s is not None
        assert health.cpu_s > 0
        assert health.resident_bytes > 1_000_000
        assert [p.name for p in health.protections] == ["none"]


def test_a_killed_worker_starts_anew_and_says_why_and_no_other_is_touched() -> None:
    with running(configure(order("a")), configure(order("b"))) as site:
        killed, other = site.pid("a"), site.pid("b")
        site.until_scenes("a", 30)
        heard = len(site.messages.heard)
        os.kill(killed, signal.SIGKILL)
        buried = site.until_state("a", lambda h: h.state is WorkerState.WAITING)
        assert (buried.reason, buried.word, buried.pid, buried.restarts) == (Reason.CRASHED, "ended by SIGKILL", None, 1)
        first = scenes_since_hello(site.messages.until(lambda m: bool(scenes_since_hello(m, "a")), after=heard), "a")[0]
        assert first.whole_plate
        assert not first.scene.patches
        assert site.health("a").pid not in {killed, None}
        assert (site.health("b").pid, site.health("b").restarts) == (other, 0)
        times = [m.scene.time_s for m in scenes_of(site.messages.heard, "b")]
        assert times == sorted(times)


def test_a_worker_that_gives_no_sign_of_life_is_ended_and_starts_anew() -> None:
    with running(configure(order("a")), patience=Patience(beat_s=3, first_pause_s=0.01)) as site:
        site.until_state("a", lambda h: h.state is WorkerState.RUNNING)
        hung = site.pid("a")
        os.kill(hung, signal.SIGSTOP)
        buried = site.until_state("a", lambda h: h.state is WorkerState.WAITING)
        assert (buried.reason, buried.word) == (Reason.HUNG, "no sign of life")
        assert is_gone(hung)
        heard = len(site.messages.heard)
        site.until_scenes("a", 3, after=heard)
        assert site.health("a").pid not in {hung, None}


class JumpingClock(SystemClock):
    """A clock of a machine that sleeps now and then."""

    slept_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.slept_s


def test_a_machine_that_slept_ends_no_worker() -> None:
    clock, beats = JumpingClock(), Listener[object]()
    workers = Workers((configure(order("a")),), clock, beats, patience=BRISK, command=command())
    workers.start()
    try:
        for _ in range(3):
            beats.until(lambda heard: any(isinstance(m, Beat) for m in heard), after=len(beats.heard))
            clock.slept_s += 1000
        beats.until(lambda heard: [type(m) for m in heard].count(Beat) >= 3, after=len(beats.heard))
        assert workers.health()[0].restarts == 0
    finally:
        workers.stop(5)


def test_a_gate_that_hangs_is_no_sign_of_life_though_captures_go_on() -> None:
    with running(configure(order("a", Behaviour(hang_at=10))), patience=Patience(beat_s=3, first_pause_s=0.01)) as site:
        assert site.until_state("a", lambda h: h.state is WorkerState.WAITING).reason is Reason.HUNG


def test_a_worker_that_never_begins_is_ended() -> None:
    how = (sys.executable, "-c", "import threading; threading.Event().wait()")
    with running(configure(order("a")), patience=Patience(first_beat_s=0.5, first_pause_s=0.01), how=how) as site:
        assert site.until_state("a", lambda h: h.state is WorkerState.WAITING).reason is Reason.HUNG


def test_a_worker_that_ends_of_an_error_says_of_which_class() -> None:
    with running(configure(order("a", Behaviour(exit_at=5)))) as site:
        buried = site.until_state("a", lambda h: h.state is WorkerState.WAITING)
        assert (buried.reason, buried.word) == (Reason.CRASHED, "exit code 70: SystemExit")


def test_a_worker_that_crashes_again_and_again_is_started_again_and_again() -> None:
    with running(configure(order("a", Behaviour(kill_at=3))), configure(order("b"))) as site:
        site.until_state("a", lambda h: h.restarts == 4)
        assert site.health("b").restarts == 0


@pytest.mark.parametrize(
    "code",
    [
        "os.write(1, b'garbage, not a message')",
        "say(Hello(os.getpid() + 1, ()))",
        "say(Beat(1.0, 1.0, 1))",
        "say(Hello(os.getpid(), ())); say(Hello(os.getpid(), ()))",
        "say(Hello(os.getpid(), ())); say(Trouble('b', Reason.NONE, '', ''))",
    ],
    ids=["garbage", "another process's hello", "no hello", "hello twice", "another worker's camera"],
)
def test_a_worker_that_lies_is_ended_and_nothing_that_it_said_then_is_handed_on(code: str) -> None:
    lie = (
        "import os, sys, threading\nfrom passerby.released.messages import *\nfrom passerby.released.framing import framed, read_framed\n"
        "def say(m): os.write(1, framed(encode_message(m)))\n"
        f"read_framed(sys.stdin.buffer)\n{code}\nthreading.Event().wait()"
    )
    with running(configure(order("a")), how=(sys.executable, "-c", lie)) as site:
        buried = site.until_state("a", lambda h: h.state is WorkerState.WAITING)
        assert buried.reason is Reason.CRASHED
        assert {type(m) for m in site.messages.heard} <= {Hello}


def test_a_listener_that_fails_costs_its_worker_and_no_other() -> None:
    @dataclass
    class Picky:
        heard: Listener[object] = field(default_factory=Listener)

        def __call__(self, message: object) -> None:
            if getattr(message, "camera", "") == "a":
                raise RuntimeError("rtsp://root:hunter2@camera")
            self.heard(message)

    picky = Picky()
    with running(configure(order("a")), configure(order("b")), on_message=picky) as site:
        buried = site.until_state("a", lambda h: h.state is WorkerState.WAITING)
        assert (buried.reason, buried.word) == (Reason.CRASHED, "its messages could not be taken: RuntimeError")
        picky.heard.until(lambda heard: len(scenes_of(heard, "b")) > 5)
        assert site.health("b").restarts == 0


def test_whoever_is_told_of_workers_and_fails_leaves_them_be() -> None:
    def fails(_: WorkerHealth) -> None:
        raise RuntimeError

    messages: Listener[object] = Listener()
    workers = Workers((configure(order("a", Behaviour(kill_at=5))),), SystemClock(), messages, fails, patience=BRISK, command=command())
    workers.start()
    try:
        messages.until(lambda heard: [type(m) for m in heard].count(Hello) >= 3)
    finally:
        workers.stop(5)


def children() -> set[str]:
    """Process ids of our children, dead ones included."""
    while True:
        with suppress(FileNotFoundError):  # a thread ended meanwhile: another one has its children now
            return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def test_many_restarts_leave_no_open_pipe_and_no_dead_process() -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc here")
    with running(configure(order("a")), how=(sys.executable, "-I", "-S", "-c", "")) as site:
        site.until_state("a", lambda h: h.restarts == 2)
        site.workers.stop(LONG_S)
        before = len(list(Path("/proc/self/fd").iterdir())), children()
    with running(configure(order("a")), how=(sys.executable, "-I", "-S", "-c", "")) as site:
        site.until_state("a", lambda h: h.restarts == 25)
        site.workers.stop(LONG_S)
        assert len(list(Path("/proc/self/fd").iterdir())) <= before[0]
        assert children() <= before[1]


def test_a_worker_that_cannot_be_started_is_tried_again() -> None:
    with running(configure(order("a")), how=("/nowhere/python",)) as site:
        buried = site.until_state("a", lambda h: h.restarts == 3)
        assert (buried.reason, buried.word) == (Reason.CRASHED, "cannot be started: No such file or directory")


def test_stopping_ends_all_of_them_and_none_comes_back() -> None:
    with running(configure(order("a"), order("b")), configure(order("c"))) as site:
        pids = [site.pid("a"), site.pid("c")]
        assert site.workers.stop(LONG_S)
        assert all(is_gone(pid) for pid in pids)
        assert {(h.state, h.pid, h.restarts, h.reason) for h in site.workers.health()} == {(WorkerState.STOPPED, None, 0, Reason.NONE)}
        assert site.workers.stop(0)


def test_stopping_waits_no_longer_than_it_may_for_a_worker_that_hangs() -> None:
    with running(configure(order("a"))) as site:
        pid = site.pid("a")
        os.kill(pid, signal.SIGSTOP)
        assert not site.workers.stop(0.2)
        assert is_gone(pid)


def test_stopping_while_workers_begin_or_wait_to_begin_ends_them_too() -> None:
    with running(configure(order("a")), configure(order("b", Behaviour(kill_at=0))), patience=Patience(first_pause_s=LONG_S)) as site:
        site.until_state("b", lambda h: h.state is WorkerState.WAITING)
        assert site.workers.stop(LONG_S)
    with running(configure(order("a"))) as site:
        assert site.workers.stop(LONG_S)
        assert all(h.pid is None for h in site.workers.health())


def test_whoever_asks_gets_the_whole_plate_of_the_camera() -> None:
    with running(configure(order("a"), order("b"))) as site:
        site.until_scenes("a", 60)
        heard = len(site.messages.heard)
        assert site.workers.send_plate("a")
        scenes = scenes_of(site.messages.until(lambda m: any(s.whole_plate for s in scenes_of(m, "a")), after=heard), "a")
        whole = next(m for m in scenes if m.whole_plate)
        canvas = received([whole])
        assert canvas.shown.any()
        assert canvas.sent[canvas.shown].all()


def test_where_plates_are_kept_a_worker_that_starts_anew_begins_with_the_one_of_before() -> None:
    kept: dict[str, Scene] = {}
    messages: Listener[object] = Listener()
    workers = Workers((configure(order("a"), order("b")),), SystemClock(), messages, patience=BRISK, kept_plate=kept.get, command=command())
    workers.start()
    try:
        messages.until(lambda heard: any(shown_blocks(m.scene).mean() > 0.8 for m in scenes_of(heard, "a")[-1:]))
        heard = len(messages.heard)
        workers.send_plate("a")
        scenes = scenes_of(messages.until(lambda m: any(s.whole_plate for s in scenes_of(m, "a")), after=heard), "a")
        kept["a"] = next(m.scene for m in scenes if m.whole_plate)
        heard = len(messages.heard)
        os.kill(cast("int", workers.health()[0].pid), signal.SIGKILL)
        anew = messages.until(lambda m: all(len(scenes_since_hello(m, camera)) > 4 for camera in "ab"), after=heard)
        first = {camera: [shown_blocks(message.scene).mean() for message in scenes_since_hello(anew, camera)[:4]] for camera in "ab"}
        assert first["a"][0] == 0, "until two pictures show the view"
        assert max(first["a"]) > 0.8
        assert max(first["b"]) == 0
    finally:
        workers.stop(5)


def test_plates_that_cannot_be_read_keep_no_worker_from_starting() -> None:
    def damaged(_: str) -> Scene:
        raise OSError

    messages: Listener[object] = Listener()
    workers = Workers((configure(order("a")),), SystemClock(), messages, patience=BRISK, kept_plate=damaged, command=command())
    workers.start()
    try:
        messages.until(lambda heard: len(scenes_of(heard, "a")) > 2)
        assert workers.health()[0].restarts == 0
    finally:
        workers.stop(5)


def test_a_plate_of_a_camera_that_is_not_there_cannot_be_asked_for() -> None:
    with running(configure(order("a"))) as site:
        assert not site.workers.send_plate("nobody")
        site.workers.stop(5)
        assert not site.workers.send_plate("a")


def test_new_orders_touch_only_the_workers_whose_orders_are_new() -> None:
    same, old, new = configure(order("a")), configure(order("b")), configure(order("b", Behaviour(hz=10)), order("c"))
    with running(same, old) as site:
        kept, gone = site.pid("a"), site.pid("b")
        site.workers.replace((same, new), LONG_S)
        site.until_scenes("c", 3)
        assert site.health("a").pid == kept
        assert site.health("b").cameras == ("b", "c")
        assert is_gone(gone)


def test_a_camera_belongs_to_one_worker() -> None:
    with pytest.raises(SettingsError, match="ordered twice"):
        Workers((configure(order("a")), configure(order("a"))), SystemClock(), lambda _: None)


@pytest.mark.parametrize("behaviour", [Behaviour(), Behaviour(hang_at=2)], ids=["at work", "hanging"])
def test_a_killed_supervisor_takes_its_workers_along(behaviour: Behaviour) -> None:
    code = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import threading
from passerby.clock import SystemClock
from passerby.released.messages import Hello
from passerby.supervise.supervisor import Workers
from tests.support.drawn_worker import *
def on_message(message):
    if isinstance(message, Hello):
        print(message.pid, flush=True)
Workers([configure(order("a", {behaviour!r}))], SystemClock(), on_message, command=command()).start()
threading.Event().wait()
"""
    with subprocess.Popen((sys.executable, "-B", "-c", code), stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    assert is_gone(pid)


def test_pauses_grow_to_a_bound_and_begin_anew_after_a_long_life() -> None:
    patience = Patience(first_pause_s=0.5, most_pause_s=30)
    assert [pause_s(patience, n) for n in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert pause_s(patience, 10_000) == 30


def test_which_cameras_get_other_orders_is_known_before_anything_ends() -> None:
    heard: Listener[object] = Listener()
    workers = Workers([configure(order("a"), order("b")), configure(order("c"))], SystemClock(), heard)
    never = (((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)),)
    changed = [configure(order("a", never=never), order("b")), configure(order("c"), order("d"))]
    assert workers.changed_by(changed) == {"a"}
    assert workers.changed_by([configure(order("c"), order("b"), order("a"))]) == set()
    assert workers.changed_by([configure(order("a"))]) == {"b", "c"}


@pytest.mark.soak
def test_workers_killed_and_stopped_200_times_at_random_moments_come_back_each_time_and_leave_nothing_behind() -> None:
    moments = random.Random(4)
    # Long enough for a worker that gets hardly any time beside everything else: one that merely waits for its turn is not hung.
    patience = Patience(beat_s=20, first_pause_s=0.01, most_pause_s=0.05)
    with running(configure(order("a")), configure(order("b")), patience=patience) as site:
        site.pid("a")
        other, descriptors = site.pid("b"), len(list(Path("/proc/self/fd").iterdir()))
        for round_number in range(200):
            heard = len(site.messages.heard)
            site.until_scenes("a", moments.randrange(1, 30), after=heard)
            hit = cast("int", site.health("a").pid)
            os.kill(hit, signal.SIGSTOP if round_number % 20 == 19 else signal.SIGKILL)
            assert is_gone(hit)
            site.messages.until(lambda m: bool(scenes_since_hello(m, "a")), after=heard)
            assert site.health("a").restarts == round_number + 1
        assert (site.health("b").pid, site.health("b").restarts) == (other, 0)
        assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors


def test_corrections_that_a_pipe_does_not_take_at_once_are_told_later_and_a_process_that_is_started_anew_is_told_them(tmp_path: Path) -> None:
    """As a worker that reads no command for a while: what does not fit into its pipe must not be lost."""
    told = tmp_path / "told"
    listens = (
        "import os, sys, time\n"
        f"sys.path[:0] = {[str(ROOT / 'src'), str(ROOT)]!r}\n"
        "from passerby.released.framing import framed, read_framed\n"
        "from passerby.released.messages import Beat, Hello, encode_message\n"
        "from passerby.site.orders import Correct, decode_command\n"
        "def say(message): os.write(1, framed(encode_message(message)))\n"
        "say(Hello(os.getpid(), ()))\n"
        "read_framed(sys.stdin.buffer)\n"
        "say(Beat(0.0, 0.0, 1))\n"
        "time.sleep(2.5)\n"
        "import threading\n"
        "threading.Thread(target=lambda: [(say(Beat(0.0, 0.0, 1)), time.sleep(0.5)) for _ in range(200)], daemon=True).start()\n"
        "while (data := read_framed(sys.stdin.buffer)) is not None:\n"
        "    command = decode_command(data)\n"
        "    if isinstance(command, Correct):\n"
        f"        open({str(told)!r}, 'a').write(command.zone + '\\n')\n"
        "    elif type(command).__name__ == 'Stop':\n"
        "        break\n"
    )
    model = trained(counted(1, MOST_COUNTS))
    corrections = [Correct("a", f"zone-{number}", model) for number in range(64)]
    assert sum(len(encode_command(one)) for one in corrections) > 2 * 65536
    heard: Listener[object] = Listener()
    listening = [sys.executable, "-c", listens]
    workers = Workers([configure(order("a"))], SystemClock(), heard, patience=BRISK, corrections=lambda _camera: corrections, command=listening)
    workers.start()
    try:
        until(lambda: told.exists() and len(told.read_text().split()) >= len(corrections))
        assert told.read_text().split() == [one.zone for one in corrections]
        os.kill(cast("int", workers.health()[0].pid), signal.SIGKILL)
        until(lambda: len(told.read_text().split()) >= 2 * len(corrections))
    finally:
        workers.stop(5)
