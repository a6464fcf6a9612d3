"""Which tests must not run beside each other, that no test has to be quick, and what was not tested for want of a real part."""

from typing import Any, Final

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.support.real_parts import summary_of

settings.register_profile("passerby", deadline=None)
settings.load_profile("passerby")

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
"""So many of these run at the same time."""


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


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Rows:
    """How tests are handed out, where several processes run them."""
    return Rows(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly what was not tested for want of a real part: a skipped test is no passed one."""
    reports = terminalreporter.stats.get("skipped", [])
    lines = summary_of(report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple))
    if lines:
        terminalreporter.section("REAL PARTS THAT WERE MISSING HERE", red=True, bold=True)
        for line in lines:
            terminalreporter.line(line, red=True)
