"""How tests are handed out to the processes of pytest-xdist: those of real processes in a few rows, any other to whichever process is free."""

from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

REAL_PROCESSES: Final = (
    "tests/browser/",
    "tests/serve/test_streams_played.py",
    "tests/sealed/test_sealed_pixels.py",
    "tests/test_run_faults.py",
    "tests/serve/test_streams_pushed.py",
    "tests/serve/test_run.py",
    "tests/serve/test_streams_readers.py",
    "tests/supervise/test_supervisor.py",
    "tests/sealed/test_live_rtsp.py",
    "tests/sealed/test_live_http.py",
    "tests/sealed/test_worker_process.py",
    "tests/sealed/test_probe.py",
    "tests/site/setup/test_found_camera.py",
    "tests/sealed/test_worker_product.py",
    "tests/hazards/channels/",
    "tests/serve/test_streams_real_camera.py",
    "tests/serve/test_streams_process.py",
    "tests/serve/test_page.py",
)
"""Files and folders that start whole sites, servers and browsers, and mostly wait for them. Those that take longest come first. The tests of one of
them run one after another: two browsers at a time want more than there is."""
ROWS: Final = 3
"""So many of these run at the same time, while there are other tests to be run beside them."""


class Rows(LoadScopeScheduling):  # type: ignore[misc]
    """Gives tests of real processes to a few processes of pytest-xdist, and each other test to whichever is free.

    pytest-xdist has groups (`--dist loadgroup`), which it writes into a test's name in a way that pytest 9.2 no longer reads.
    """

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self._rows = set[Any]()

    def _split_scope(self, nodeid: str) -> str:
        return next((prefix for prefix in REAL_PROCESSES if nodeid.startswith(prefix)), nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        rows = [scope for scope in REAL_PROCESSES if scope in self.workqueue]
        if rows and (node in self._rows or len(self._rows) < ROWS):
            self._rows.add(node)
            self.workqueue.move_to_end(rows[0], last=False)
        elif len(rows) < len(self.workqueue):
            self.workqueue.move_to_end(next(scope for scope in self.workqueue if "::" in scope), last=False)
        super()._assign_work_unit(node)

    def remove_node(self, node: Any) -> str | None:
        """A process ended: what it had left is for others. The test at which it died has failed and is not run again.

        pytest-xdist's own puts back whole scopes, finished ones too, and a process that is given one of those is never heard of again.
        """
        units = self.assigned_work.pop(node)
        self._rows.discard(node)
        died_at: str | None = next((test for unit in units.values() for test, done in unit.items() if not done), None)
        if died_at is None:
            return None
        units[self._split_scope(died_at)][died_at] = True
        self.workqueue.update({scope: unit for scope, unit in units.items() if not all(unit.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return died_at
