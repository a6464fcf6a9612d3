"""Which tests must not run beside each other, and that no test has to be quick."""

from typing import Final

import pytest
from hypothesis import settings

settings.register_profile("passerby", deadline=None)
settings.load_profile("passerby")

REAL_PROCESSES: Final = (
    "tests/test_run_faults.py",
    "tests/sealed/test_live_http.py",
    "tests/sealed/test_live_rtsp.py",
    "tests/sealed/test_probe.py",
    "tests/sealed/test_sealed_pixels.py",
    "tests/sealed/test_worker_process.py",
    "tests/sealed/test_worker_product.py",
    "tests/serve/test_page.py",
    "tests/serve/test_run.py",
    "tests/supervise/test_supervisor.py",
)
"""These start whole sites, servers and browsers, each of which wants all cores."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of real processes into one group, which one process of pytest-xdist runs while the others run the rest."""
    for item in items:
        if item.nodeid.partition("::")[0] in REAL_PROCESSES:
            item.add_marker(pytest.mark.xdist_group("processes"))
