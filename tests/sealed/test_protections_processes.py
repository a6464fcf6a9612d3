"""A worker that is closed in starts no program and reaches no other process, and none reaches it: shown by trying, and by trying the same without."""

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest

from passerby.sealed.worker.protections import CAPABILITIES, NAMES, OTHERS, PARENT, PRIVILEGES, PROGRAMS, UNDUMPABLE
from tests.support.closed_in import ORDINARY_USER, staying, tell

pytestmark = pytest.mark.skipif(os.uname().sysname != "Linux", reason="Landlock and seccomp are Linux's")

ORDINARY = ORDINARY_USER if os.geteuid() == 0 else None
"""Whom a process of these tests becomes to be an ordinary user."""
PROGRAM_TRIES: dict[str, list[str]] = {"start_program": [], "fork": []}


@pytest.fixture
def other() -> Iterator[int]:
    """Another process of the same user, that sleeps."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process.pid
        process.kill()


def on(pid: int) -> dict[str, list[str]]:
    return {name: [str(pid)] for name in ("trace", "read_memory", "read_environment", "send_signal")}


def test_a_closed_worker_starts_no_program_and_no_process() -> None:
    assert tell(closed=False, tries=PROGRAM_TRIES).results == dict.fromkeys(PROGRAM_TRIES, "ok")
    told = tell(tries=PROGRAM_TRIES | {"become_program": []})
    assert set(told.results.values()) == {"EPERM"}, told.results
    assert told.protections[PROGRAMS] == [True, ""]


def test_a_closed_worker_still_starts_threads_and_signals_itself() -> None:
    assert tell(tries={"start_thread": [], "signal_itself": []}).results == {"start_thread": "ok", "signal_itself": "ok"}


def test_a_closed_worker_reaches_no_other_process(other: int) -> None:
    assert tell(closed=False, tries=on(other)).results == dict.fromkeys(on(other), "ok")
    told = tell(tries=on(other))
    assert set(told.results.values()) <= {"EPERM", "EACCES"}, told.results
    assert told.protections[OTHERS] == [True, ""]


def test_a_closed_worker_makes_no_memory_that_others_could_open() -> None:
    wishes: dict[str, list[str]] = {"shared_memory": [], "shared_segment": []}
    assert set(tell(closed=False, tries=wishes).results.values()) == {"ok"}
    assert set(tell(tries=wishes).results.values()) == {"EPERM"}


@pytest.mark.parametrize("closed", [False, True])
def test_no_process_of_the_same_user_reads_the_memory_of_a_closed_worker(closed: bool) -> None:
    """Root may, here as everywhere."""
    with staying(closed=closed, user=ORDINARY) as (pid, told):
        wishes = {name: [str(pid)] for name in ("read_memory", "trace")}
        results = tell(closed=False, tries=wishes, user=ORDINARY).results
        assert set(results.values()) <= ({"EACCES", "EPERM"} if closed else {"ok"}), results
        if closed:
            assert told.protections[UNDUMPABLE] == [True, ""]


def test_what_is_closed_is_not_opened_again() -> None:
    wishes: dict[str, list[str]] = {
        name: [] for name in ("become_dumpable", "raise_core_limit", "unlock_memory", "live_on_without_parent", "new_user")
    }
    told = tell(tries=wishes | {"ring": [], "newest_call": []})
    assert {told.results.pop("ring"), told.results.pop("newest_call")} == {"ENOSYS"}
    # Python makes a ValueError of a limit that may not be raised.
    assert set(told.results.values()) <= {"EPERM", "ValueError"}, told.results


def test_a_closed_worker_has_no_capability_left_but_to_lock_memory() -> None:
    told = tell()
    assert int(told.capabilities, 16) & ~(1 << 14) == 0, told.capabilities
    assert told.protections[CAPABILITIES][0]
    assert told.protections[PRIVILEGES] == [True, ""]


def test_an_ordinary_users_worker_is_closed_in_as_well() -> None:
    told = tell(tries=PROGRAM_TRIES | {"write_new": [tempfile.gettempdir()], "read": ["/etc/passwd"]}, user=ORDINARY)
    assert set(told.results.values()) <= {"EPERM", "EACCES"}, told.results
    assert int(told.capabilities, 16) == 0
    not_held = {name for name, (held, _) in told.protections.items() if not held}
    # Whether memory can be kept out of swap is the machine's to say.
    assert not_held <= {"memory limit", "memory stays out of swap"}, told.protections


def test_every_protection_is_reported_once_in_a_fixed_order_and_in_few_words() -> None:
    reports = tell().protections
    assert tuple(reports) == NAMES
    assert max(map(len, NAMES)) <= 64
    assert all(len(word) < 200 for _, word in reports.values())


def test_a_thread_that_was_there_before_is_reported() -> None:
    """Landlock binds the thread that asks: what an older one may do is not held. Newer kernels bind all."""
    told = tell(threads=True)
    held = {name: tuple(told.protections[name]) for name in ("writes no file", "reads its own files only", "TCP to camera ports only")}
    if not held["reads its own files only"][0]:
        assert {word for _, word in held.values()} >= {"a thread was there before Landlock"}
        assert not held["TCP to camera ports only"][0]


def test_a_worker_ends_with_the_process_that_started_it() -> None:
    """Even one that hangs, which does not notice that its standard input ended."""
    inner = (
        "import os, signal, subprocess, sys, time\n"
        "from tests.support.closed_in import staying\n"
        "with staying() as (pid, told):\n"
        f"    assert told.protections[{PARENT!r}][0]\n"
        "    os.kill(pid, signal.SIGSTOP)\n"
        "    print(pid, flush=True)\n"
        "    os._exit(0)\n"
    )
    pid = int(subprocess.run([sys.executable, "-c", inner], capture_output=True, text=True, check=True).stdout)
    assert _ends(pid)


def _ends(pid: int) -> bool:
    """Whether a process that is not ours ends soon; it is waited for through its descriptor."""
    try:
        opened = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ended = bool(select.select([opened], [], [], 10)[0])
    finally:
        os.close(opened)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    return ended
