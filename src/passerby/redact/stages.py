"""Wall time spent in each stage of a redaction, for the report and the profile."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


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
