"""The worker's threads, in this process: cameras are handed pictures, and messages are read from a pipe."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from typing import BinaryIO, cast

import pytest

from passerby.clock import Clock, SystemClock
from passerby.released.framing import read_framed
from passerby.released.messages import CameraHealth, CaptureState, Message, Reason, SceneMessage, decode_message
from passerby.sealed.worker.bell import Bell
from passerby.sealed.worker.outbox import Key, Outbox
from passerby.sealed.worker.surroundings import Surroundings
from passerby.sealed.worker.usage import Usage
from passerby.sealed.worker.worker import LONGEST_PUT_OFF_S, Worker
from passerby.site.orders import CameraOrder
from tests.support.detectors import Finder
from tests.support.hand_camera import HandCamera
from tests.support.listener import received, scenes_of
from tests.support.scenes import Figure, Play, Stage, stands, walks

STAGE = Stage(160, 120)
PLAY = Play(STAGE, [Figure(walks((10.0, -14, 40), (16.0, 160, 40))), Figure(stands(100, 60, 0, 12))], seconds=30, hz=4)


class NoticedBell(Bell):
    """Says when somebody begins to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._noticed = threading.Condition()
        self._rests = 0

    def wait(self, at_most_s: float) -> bool:
        with self._noticed:
            self._rests += 1
            self._noticed.notify_all()
        return super().wait(at_most_s)

    def until_another_rest(self) -> None:
        with self._noticed:
            before = self._rests
            self.ring()
            assert self._noticed.wait_for(lambda: self._rests > before, 60)


@dataclass
class Bench:
    """A worker and the end of the pipe that its supervisor would read."""

    worker: Worker
    cameras: dict[str, HandCamera]
    surroundings: Surroundings
    pipe: BinaryIO

    def until_idle(self, camera: str) -> None:
        """Waits until the camera's picture is gated and there is nothing more to do."""
        self.cameras[camera].until_taken()
        cast("NoticedBell", self.surroundings.bell).until_another_rest()

    def read(self) -> Message:
        data = read_framed(self.pipe)
        assert data is not None
        return decode_message(data)

    def read_to(self, camera: str, time_s: float) -> list[SceneMessage]:
        """The scenes of a camera up to a time."""
        heard: list[object] = []
        while not any(m.scene.time_s >= time_s for m in scenes_of(heard, camera)):
            heard.append(self.read())
        return scenes_of(heard, camera)


@contextmanager
def bench(orders: Sequence[CameraOrder], *, runs: bool = True) -> Iterator[Bench]:
    reading, writing = os.pipe()
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None:
        fcntl.fcntl(writing, size, 4096)
    bell = NoticedBell()
    cameras: dict[str, HandCamera] = {}

    def opened(order: CameraOrder, clock: Clock, wake: Callable[[], None]) -> HandCamera:
        cameras[order.camera] = HandCamera(order, clock, wake)
        return cameras[order.camera]

    surroundings = Surroundings(Outbox(writing, bell.end), bell, Usage())
    worker = Worker(orders, opened, Finder(), surroundings, SystemClock())
    thread = threading.Thread(target=worker.run)
    with cast("BinaryIO", FileIO(reading, "rb")) as pipe:
        if runs:
            surroundings.outbox.start()
            thread.start()
        try:
            yield Bench(worker, cameras, surroundings, pipe)
        finally:
            bell.end()
            if runs:
                thread.join()
    if runs:
        surroundings.outbox.close(10)
    os.close(writing)


def order(camera: str) -> CameraOrder:
    return CameraOrder(camera=camera, source="", settle_s=2.0)


def test_whoever_reads_late_holds_the_same_plate_in_the_end_as_who_reads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Message] = []
    put = Outbox.put

    def noted(outbox: Outbox, key: Key, data: bytes, *, plate: bool = False) -> None:
        said.append(decode_message(data))
        put(outbox, key, data, plate=plate)

    monkeypatch.setattr(Outbox, "put", noted)
    with bench([order("a")]) as site:
        for time_s, picture in PLAY:
            site.cameras["a"].show(picture, time_s, since_s=time_s)
            site.until_idle("a")
        late = site.read_to("a", PLAY.times_s[-1])
    at_once = [m for m in said if isinstance(m, SceneMessage)]
    assert len(at_once) == len(PLAY.times_s)
    assert len(late) < 0.5 * len(at_once), "the reader was late"
    assert received(at_once).shown.mean() > 0.8
    assert (received(late).shown == received(at_once).shown).all()
    assert (received(late).visible == received(at_once).visible).all()


def taken_in_order(site: Bench) -> list[str]:
    """The cameras whose pictures wait, in the order in which they are gated."""
    order_taken: list[str] = []
    waiting = who_waits(site)
    while site.worker._gate_next():
        order_taken += waiting - who_waits(site)
        waiting = who_waits(site)
    return order_taken


def who_waits(site: Bench) -> set[str]:
    return {name for name, camera in site.cameras.items() if camera.waiting_since_s() is not None}


def test_pictures_that_need_no_look_come_first_and_of_each_kind_that_whose_turn_was_longest_ago() -> None:
    with bench([order(name) for name in "abcd"], runs=False) as site:

        def show(**times_s: float) -> list[str]:
            for name, time_s in times_s.items():
                site.cameras[name].show(STAGE.empty, time_s, since_s=time_s)
            return taken_in_order(site)

        for name, looked_s in (("b", 0.3), ("a", 0.1), ("c", 0.2)):
            assert show(**{name: looked_s}) == [name]
        site.worker._cameras["d"].seen_s = SystemClock().monotonic_s()
        assert show(c=0.31, b=0.32, a=0.33, d=0.0) == ["b", "a", "c", "d"]
        assert show(a=0.6, b=0.5, c=0.7, d=0.45) == ["b", "d", "a", "c"]
        assert show(a=0.8, b=0.8, c=0.8, d=0.8) == ["a", "c", "d", "b"]


def test_a_picture_that_must_be_looked_at_is_not_put_off_for_ever() -> None:
    with bench([order("a"), order("b")], runs=False) as site:
        for name in "ab":
            site.cameras[name].show(STAGE.empty, 0.0, since_s=0.0)
        taken_in_order(site)
        site.worker._cameras["b"].seen_s -= LONGEST_PUT_OFF_S
        site.cameras["a"].show(STAGE.empty, 0.1, since_s=0.1)
        site.cameras["b"].show(STAGE.empty, 5.0, since_s=5.0)
        assert taken_in_order(site) == ["b", "a"]


def test_looks_are_made_while_no_other_picture_waits_and_when_they_must_be() -> None:
    with bench([order("a"), order("b")], runs=False) as site:

        def looked_at(time_s: float) -> set[str]:
            """Whose pictures of that time were looked at."""
            for camera in site.cameras.values():
                camera.show(STAGE.empty, time_s, since_s=time_s)
            taken_in_order(site)
            return {name for name, camera in site.worker._cameras.items() if camera.looked_s == time_s}

        assert looked_at(0.0) == {"a", "b"}
        assert looked_at(0.1) == set()
        assert len(looked_at(0.4)) == 1, "the second one waited for nobody"
        assert len(looked_at(0.45)) <= 1
        assert looked_at(1.0) == {"a", "b"}


def test_however_many_pictures_come_something_is_brought_nearer_to_release_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    with bench([order("a"), order("b")], runs=False) as site:
        released: list[str] = []

        def releases(name: str) -> Callable[[], bool]:
            def release() -> bool:
                released.append(name)
                return True

            return release

        for name, camera in site.worker._cameras.items():
            monkeypatch.setattr(camera, "release", releases(name))
        for number in range(30):
            now_s = 1000 + number / 10
            site.cameras["a"].show(STAGE.empty, now_s, since_s=now_s)
            assert site.worker._work(now_s)
            if site.cameras["a"].waiting_since_s() is not None:
                assert site.worker._work(now_s)
        assert released == ["a", "b", "a"]
        assert site.worker._work(1003.5)
        assert released == ["a", "b", "a", "b"]


def test_an_error_in_a_look_before_a_release_costs_that_gate_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> bool:
        raise ValueError

    with bench([order("a"), order("b")], runs=False) as site:
        monkeypatch.setattr(site.worker._cameras["a"], "release", fails)
        assert not site.worker._release_next(0.0)
        assert site.worker._cameras["a"].health().reason is Reason.GATE_FAILED
        assert site.worker._cameras["b"].health().reason is Reason.NONE


def test_a_camera_whose_state_changes_is_told_of_at_once() -> None:
    with bench([order("a")]) as site:
        while not isinstance(site.read(), CameraHealth):
            pass
        camera = site.cameras["a"]
        camera.state = CaptureState.WAITING
        site.surroundings.bell.ring()
        health = site.read()
        while not (isinstance(health, CameraHealth) and health.state is CaptureState.WAITING):
            health = site.read()


def test_captures_are_stopped_when_the_work_is_over() -> None:
    with bench([order("a"), order("b")]) as site:
        site.read()
    assert all(camera.is_stopped for camera in site.cameras.values())


def test_a_capture_whose_stopping_fails_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(camera: HandCamera) -> None:
        raise RuntimeError

    with bench([order("a"), order("b")]) as site:
        site.read()
        monkeypatch.setattr(site.cameras["a"], "stop", fails.__get__(site.cameras["a"]))
    assert site.cameras["b"].is_stopped
