"""How tests are run, that no test has to be quick, and what was not tested for want of a real part."""

from typing import Any

import pytest
from hypothesis import settings

from tests.support.real_parts import summary_of
from tests.support.rows import Rows

settings.register_profile("passerby", deadline=None)
settings.load_profile("passerby")


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
