"""Runs an iterator in a thread of its own, a few items ahead of the consumer, so that decoding and looking overlap."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Readahead(Generic[Item]):
    """Items of an iterator that runs in a thread, at most `depth` of them waiting. Iterate once, and close in any case.

    An exception of the iterator reaches the consumer after the items that came before it. `close` ends the thread and waits for it; the
    iterator is closed inside the thread, so what it holds (an open container) is touched by that thread only.

    Args:
        start: Makes the iterator; called in the thread.
        depth: How many items may wait.
    """

    def __init__(self, start: Callable[[], Iterator[Item]], depth: int) -> None:
        self._start = start
        self._depth = depth
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._ended = False
        self._error: BaseException | None = None
        # A daemon: a consumer that is itself abandoned must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="passerby-decode", daemon=True)

    def __iter__(self) -> Iterator[Item]:
        """Yields the items; ends, closes the thread and raises what the iterator raised."""
        self._thread.start()
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._items or self._ended or self._stopped)
                    if not self._items:
                        break
                    item = self._items.popleft()
                    self._changed.notify_all()
                yield item
                del item  # a decoded 4K frame must not be held while the next one is awaited
            if self._error is not None:
                raise self._error
        finally:
            self.close()

    def close(self) -> None:
        """Ends the thread and waits for it. May be called again, and from another thread than the consumer's."""
        with self._changed:
            self._stopped = True
            self._items.clear()
            self._changed.notify_all()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        try:
            iterator = self._start()
            try:
                for item in iterator:
                    if not self._hand_over(item):
                        break
                    del item
            finally:
                close = getattr(iterator, "close", None)
                if close is not None:
                    close()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the consumer, who raises it
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _hand_over(self, item: Item) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._depth or self._stopped)
            if self._stopped:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True
