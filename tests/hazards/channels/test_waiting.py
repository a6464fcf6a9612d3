"""What waits, however much of it: whoever hands in or takes out looks at what he needs only."""

from collections.abc import Callable
from pathlib import Path

import pytest

from passerby.hazards.channels import waiting as module
from passerby.hazards.channels.waiting import Waiting
from passerby.hazards.channels.wording import trial
from passerby.site.settings import Site
from tests.support.alerts import NOON
from tests.support.told import channel_table, site_with


class Filled:
    """A file in which so many deliveries wait for each of two channels."""

    def __init__(self, folder: Path, count: int) -> None:
        self.site: Site = site_with(folder, channel_table())
        self.waiting = Waiting(folder / "alerts", NOON)
        self.count = 0
        with self.waiting.at_once():
            for _ in range(count):
                self.put()

    def put(self) -> str:
        self.count += 1
        return self.waiting.put(trial(self.site, self.site.channels[0], f"{self.count:016x}", NOON), NOON, loud=False)

    def steps(self, work: Callable[[], object]) -> int:
        """Steps of SQLite's machine, in tens, that some work takes."""
        taken = 0

        def count() -> int:
            nonlocal taken
            taken += 1
            return 0

        self.waiting._file._database.set_progress_handler(count, 10)
        work()
        self.waiting._file._database.set_progress_handler(None, 0)
        return taken


@pytest.mark.parametrize("work", ["put", "next"])
def test_where_thirty_times_as_many_wait_nothing_takes_thirty_times_as_long(work: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    for count in (100, 3000):
        monkeypatch.setattr(module, "MOST_WAITING", count)
        filled = Filled(tmp_path / str(count), count)

        def put(filled: Filled = filled) -> None:
            assert filled.put() == f"{1:016x}", "the oldest had to be given up for it"

        def take(filled: Filled = filled) -> None:
            assert len(filled.waiting.next("ops", 50, quiet=False)) == 50

        steps.append(filled.steps(put if work == "put" else take))
        filled.waiting.close()
    assert steps[1] < 2 * steps[0]


def test_where_many_letters_are_dead_giving_up_one_more_looks_at_the_dead_only(tmp_path: Path) -> None:
    steps = []
    for count in (100, 3000):
        filled = Filled(tmp_path / str(count), count)
        steps.append(filled.steps(lambda filled=filled: filled.waiting.bury("ops", [1], "nobody there")))  # type: ignore[misc]
        assert len(filled.waiting.dead()) == 1
        filled.waiting.close()
    assert steps[1] < 2 * steps[0]
