"""Wall time spent in each stage of a redaction, for the report and the profile."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

Item = TypeVar("Item")


class Stages:
    """Adds up milliseconds by stage. Stages do not nest."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the time inside the `with` to `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.ms[name] = self.ms.get(name, 0.0) + (time.perf_counter() - start) * 1000

    def each(self, name: str, items: Iterable[Item]) -> Iterator[Item]:
        """Yields the items; the time that they take to come counts to `name`."""
        iterator = iter(items)
        end = object()
        while True:
            with self.stage(name):
                item = next(iterator, end)
            if item is end:
                return
            yield cast("Item", item)
