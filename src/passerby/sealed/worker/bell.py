"""What the gate thread sleeps on: rung by captures, commands and the end."""

import threading


class Bell:
    """Wakes one waiting thread. A ring while it does not wait is kept: none is lost, several are one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rung = False
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether the work is over."""
        return self._ended

    def ring(self) -> None:
        """Says that there may be something to do."""
        with self._changed:
            self._rung = True
            self._changed.notify()

    def end(self) -> None:
        """Says that the work is over."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait(self, at_most_s: float) -> bool:
        """Whether it was rung since the last time, or is rung within so many seconds."""
        with self._changed:
            if not (self._rung or self._ended):
                self._changed.wait_for(lambda: self._rung or self._ended, max(0.0, at_most_s))
            rung, self._rung = self._rung, False
            return rung
