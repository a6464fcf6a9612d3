"""Cameras whose pictures somebody makes."""

import pickle
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.clock import SimulatedClock
from passerby.released.messages import CaptureState, Reason
from passerby.sealed.capture.iterator_camera import IteratorCamera

Picture = NDArray[np.uint8]
LONG_S = 60.0


def picture(value: int) -> Picture:
    return np.full((4, 6, 3), value, np.uint8)


def ended(camera: IteratorCamera) -> None:
    """Returns when its thread has."""
    camera.start()
    camera._thread.join(LONG_S)
    assert not camera._thread.is_alive()


def test_the_newest_pictures_wait_with_their_times() -> None:
    clock = SimulatedClock(100.0)

    def made() -> Iterator[tuple[float, Picture]]:
        for step in range(3):
            yield step * 0.5, picture(step)
            clock.sleep(0.5)

    woken = threading.Semaphore(0)
    camera = IteratorCamera("plaza", made(), clock, woken.release)
    ended(camera)
    older, frame = camera.take(), camera.take()
    assert older is not None
    assert (older.bgr() == 1).all()
    assert frame is not None
    assert (frame.bgr() == 2).all()
    assert (frame.time_s, frame.media_s, frame.captured_monotonic_s, frame.captured_wall_s, frame.connection) == (1.0, 1.0, 1.0, 101.0, 1)
    assert (frame.size.width_px, frame.size.height_px, frame.damaged) == (6, 4, False)
    assert camera.take() is None
    health = camera.health()
    assert (health.camera, health.state, health.reason) == ("plaza", CaptureState.ENDED, Reason.NONE)
    assert (health.received, health.skipped, health.connections, health.width_px, health.height_px) == (3, 1, 1, 6, 4)


def test_an_iterator_that_fails_ends_its_camera_only() -> None:
    def failing() -> Iterator[tuple[float, Picture]]:
        yield 0.0, picture(1)
        raise ValueError("secret")

    camera = IteratorCamera("plaza", failing(), SimulatedClock(), lambda: None)
    ended(camera)
    assert camera.health().reason is Reason.CRASHED
    assert camera.take() is not None


def test_it_stops_at_the_next_picture() -> None:
    first, go_on = threading.Event(), threading.Event()

    def endless() -> Iterator[tuple[float, Picture]]:
        number = 0.0
        while True:
            yield number, picture(0)
            number += 1
            first.set()
            go_on.wait(LONG_S)

    camera = IteratorCamera("plaza", endless(), SimulatedClock(), lambda: None)
    camera.start()
    first.wait(LONG_S)
    threading.Thread(target=lambda: (camera._stopped.wait(LONG_S), go_on.set())).start()  # type: ignore[func-returns-value]
    camera.stop()
    camera._thread.join(LONG_S)
    assert camera.health().state is CaptureState.ENDED


def test_a_frame_shows_no_pixels_and_cannot_be_sent() -> None:
    camera = IteratorCamera("plaza", iter([(0.0, picture(77))]), SimulatedClock(), lambda: None)
    ended(camera)
    frame = camera.take()
    assert "77" not in repr(frame)
    with pytest.raises(TypeError, match="never written or sent"):
        pickle.dumps(frame)
