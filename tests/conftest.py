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
    "tests/hazards/channels/",
    "tests/test_run_faults.py",
    "tests/sealed/test_live_http.py",
    "tests/sealed/test_live_rtsp.py",
    "tests/sealed/test_probe.py",
    "tests/sealed/test_sealed_pixels.py",
    "tests/sealed/test_worker_process.py",
    "tests/sealed/test_worker_product.py",
    "tests/serve/test_page.py",
    "tests/serve/test_run.py",
    "tests/serve/test_streams_played.py",
    "tests/serve/test_streams_process.py",
    "tests/serve/test_streams_pushed.py",
    "tests/serve/test_streams_readers.py",
    "tests/site/setup/test_found_camera.py",
    "tests/supervise/test_supervisor.py",
)
"""These (a folder: all in it) start whole sites, servers and browsers, each of which wants all cores."""


class OneAfterAnother(LoadScopeScheduling):  # type: ignore[misc]
    """Gives all tests of real processes to one process of pytest-xdist, and each other test to whichever is free.

    pytest-xdist has groups (`--dist loadgroup`), which it writes into a test's name in a way that pytest 9.2 no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "processes" if nodeid.startswith(REAL_PROCESSES) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneAfterAnother:
    """How tests are handed out, where several processes run them."""
    return OneAfterAnother(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly what was not tested for want of a real part: a skipped test is no passed one."""
    reports = terminalreporter.stats.get("skipped", [])
    lines = summary_of(report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple))
    if lines:
        terminalreporter.section("REAL PARTS THAT WERE MISSING HERE", red=True, bold=True)
        for line in lines:
            terminalreporter.line(line, red=True)
