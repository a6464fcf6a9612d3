"""Which tests must not run beside each other, that no test has to be quick, and what was not tested for want of a real part."""

from typing import Final

import pytest
from hypothesis import settings

from tests.support.real_parts import summary_of

settings.register_profile("passerby", deadline=None)
settings.load_profile("passerby")

REAL_PROCESSES: Final = (
    "tests/browser/",
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of real processes into one group, which one process of pytest-xdist runs while the others run the rest."""
    for item in items:
        if item.nodeid.startswith(REAL_PROCESSES):
            item.add_marker(pytest.mark.xdist_group("processes"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly what was not tested for want of a real part: a skipped test is no passed one."""
    reports = terminalreporter.stats.get("skipped", [])
    lines = summary_of(report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple))
    if lines:
        terminalreporter.section("REAL PARTS THAT WERE MISSING HERE", red=True, bold=True)
        for line in lines:
            terminalreporter.line(line, red=True)
