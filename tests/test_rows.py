import subprocess
import sys
from pathlib import Path

from tests.support.rows import REAL_PROCESSES

ROOT = Path(__file__).parents[1]
CONFTEST = """
from tests.support.rows import Rows

def pytest_xdist_make_scheduler(config, log):
    return Rows(config, log)
"""
SUITE = """
import os
import pytest

@pytest.mark.parametrize("number", range(60))
def test_one(number):
    with open({told!r}, "a") as told:
        told.write(f"{{number}}\\n")
    if number == 30:
        os._exit(3)
"""


def test_all_that_is_run_in_rows_is_there() -> None:
    assert [one for one in REAL_PROCESSES if not (ROOT / one).exists()] == []


def test_a_process_that_dies_fails_its_test_and_all_others_are_run_once(tmp_path: Path) -> None:
    told = tmp_path / "told"
    (tmp_path / "conftest.py").write_text(CONFTEST, "utf-8")
    (tmp_path / "test_suite.py").write_text(SUITE.format(told=str(told)), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "3", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", "-c", "/dev/null", "test_suite.py"]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False)
    assert "1 failed, 59 passed" in done.stdout, done.stdout[-2000:]
    assert sorted(map(int, told.read_text("utf-8").split())) == list(range(60))
