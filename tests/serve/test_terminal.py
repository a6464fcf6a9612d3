"""A closed terminal ends what was started in it; the same signal from elsewhere does not."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import fcntl, sys, termios
from passerby.serve.asked_signals import asked_signals
if len(sys.argv) > 2:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
with asked_signals() as asked:
    print("here", flush=True)
    while (number := asked.next(30.0)) is not None:
        with open(sys.argv[-1], "a") as told:
            told.write(f"{number.name} {asked.means_end(number)}\\n")
        if asked.means_end(number):
            break
"""


def test_a_terminal_that_is_closed_ends_what_was_started_in_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    told = tmp_path / "told"
    process = subprocess.Popen([sys.executable, "-c", CODE, "terminal", str(told)], stdin=theirs, stdout=subprocess.PIPE, start_new_session=True)
    os.close(theirs)
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    os.close(ours)
    assert process.wait(30) == 0
    process.stdout.close()
    assert told.read_text("ascii") == "SIGHUP True\n"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_without_a_terminal_the_signal_is_a_wish_for_a_new_site_file(tmp_path: Path, end: signal.Signals) -> None:
    told = tmp_path / "told"
    told.touch()
    process = subprocess.Popen([sys.executable, "-c", CODE, str(told)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    process.send_signal(signal.SIGHUP)
    while told.read_text("ascii") == "":
        assert process.poll() is None
    process.send_signal(end)
    assert process.wait(30) == 0
    process.stdout.close()
    assert told.read_text("ascii") == f"SIGHUP False\n{end.name} True\n"
