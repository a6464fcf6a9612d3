"""Takes what workers say, from their threads, and lets a test wait until something was said: no test sleeps."""

import os
import select
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from passerby.released.messages import Hello, SceneMessage
from tests.support.scenes import Canvas

Item = TypeVar("Item")
LONG_S: Final = 60.0
"""No test waits longer; all of them wait for a fraction of it."""


class Listener(Generic[Item]):
    """Everything that was said, in order."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heard: list[Item] = []

    def __call__(self, item: Item) -> None:
        with self._changed:
            self._heard.append(item)
            self._changed.notify_all()

    @property
    def heard(self) -> list[Item]:
        with self._changed:
            return list(self._heard)

    def until(self, enough: Callable[[list[Item]], bool], *, after: int = 0) -> list[Item]:
        """What was heard, from the item number `after` on, once it is enough."""
        with self._changed:
            if not self._changed.wait_for(lambda: enough(self._heard[after:]), LONG_S):
                raise AssertionError(f"not heard within {LONG_S} s; heard: {[type(item).__name__ for item in self._heard[-20:]]}")
            return self._heard[after:]


def scenes_of(heard: list[object], camera: str) -> list[SceneMessage]:
    """The scenes of a camera."""
    return [item for item in heard if isinstance(item, SceneMessage) and item.camera == camera]


def scenes_since_hello(heard: list[object], camera: str) -> list[SceneMessage]:
    """The scenes of a camera that came after the first Hello: those of a worker that started meanwhile."""
    greeted = next((number for number, item in enumerate(heard) if isinstance(item, Hello)), len(heard))
    return scenes_of(heard[greeted:], camera)


def received(messages: list[SceneMessage]) -> Canvas:
    """What somebody holds who received these messages."""
    canvas = Canvas()
    for message in messages:
        if message.whole_plate:
            canvas = Canvas()
        canvas.take(message.scene)
    return canvas


def is_gone(pid: int, within_s: float = LONG_S) -> bool:
    """Whether a process ends within so many seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within_s)[0])
    finally:
        os.close(handle)
