"""A worker's memory leaves it neither as a core dump nor through swap, and stays within its limit: tried, and tried without."""

import os
import resource
import signal
from pathlib import Path

import pytest

from passerby.sealed.worker.memory import has_no_swap
from passerby.sealed.worker.protections import CORE_DUMPS, MEMORY_LIMIT, SWAP, UNDUMPABLE
from tests.support.closed_in import ORDINARY_USER, tell

pytestmark = pytest.mark.skipif(os.uname().sysname != "Linux", reason="protections are Linux's")

CRASHES = (signal.SIGABRT, signal.SIGSEGV, signal.SIGQUIT, signal.SIGBUS)
CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")


def cores_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def cores_allowed() -> None:
    """Where this machine lets a crashing process write a core file beside it."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    pattern = CORE_PATTERN.read_text("utf-8").strip()
    if hard == 0 or "/" in pattern or pattern.startswith(("|", "@")):
        pytest.skip("core files are switched off on this machine, or go elsewhere")


@pytest.mark.usefixtures("cores_allowed")
def test_a_process_that_is_open_leaves_a_core_file(tmp_path: Path) -> None:
    """Else the next tests show nothing."""
    told = tell(closed=False, cwd=tmp_path, crash=signal.SIGABRT, steps=["allow_core_dumps"])
    assert told.code == -signal.SIGABRT
    assert cores_in(tmp_path) != []


@pytest.mark.parametrize("crash", CRASHES)
def test_a_closed_worker_that_crashes_leaves_no_core_file(tmp_path: Path, crash: signal.Signals) -> None:
    told = tell(cwd=tmp_path, crash=int(crash), steps=["allow_core_dumps"])
    assert told.code == -crash
    assert cores_in(tmp_path) == []
    assert told.protections[CORE_DUMPS] == [True, ""]
    assert told.protections[UNDUMPABLE] == [True, ""]


@pytest.mark.usefixtures("cores_allowed")
@pytest.mark.parametrize("alone", ["forbid_core_dumps", "become_undumpable"])
def test_each_of_the_two_that_forbid_core_dumps_is_enough(tmp_path: Path, alone: str) -> None:
    """A dump into a program's pipe asks no limit; a dump of a process that was made dumpable again asks for nothing else."""
    told = tell(closed=False, cwd=tmp_path, crash=signal.SIGABRT, steps=["allow_core_dumps", alone])
    assert told.code == -signal.SIGABRT
    assert cores_in(tmp_path) == []


def test_the_memory_limit_holds() -> None:
    wishes = {"allocate": [str(600_000_000)], "allocate little": [str(10_000_000)]}
    assert set(tell(tries=wishes).results.values()) == {"ok"}
    told = tell(tries=wishes, memory_limit_bytes=500_000_000)
    assert told.results == {"allocate": "ENOMEM", "allocate little": "ok"}
    assert told.protections[MEMORY_LIMIT] == [True, "500 MB"]


def test_no_memory_limit_is_reported() -> None:
    assert tell().protections[MEMORY_LIMIT] == [False, "none is configured"]


def test_locked_memory_is_locked_in_the_kernels_eyes_and_stays_so() -> None:
    told = tell(tries={"unlock_memory": [], "allocate": [str(300_000_000)], "start_thread": []})
    held, word = told.protections[SWAP]
    if word == "locked":
        assert int(told.locked.split()[0]) > 1000
        # Neither a large allocation nor a thread's stack fails because of the lock.
        assert told.results == {"unlock_memory": "EPERM", "allocate": "ok", "start_thread": "ok"}
    else:
        assert held == (word == "there is no swap for it")
        assert told.locked.split()[0] == "0"


def test_without_the_right_to_lock_memory_the_machine_without_swap_is_the_protection() -> None:
    """The limit of locked memory ends somewhere, and the process is an ordinary user's."""
    told = tell(steps=["limit_locked_memory"], user=ORDINARY_USER if os.geteuid() == 0 else None)
    assert told.locked.split()[0] == "0"
    held, word = told.protections[SWAP]
    if has_no_swap():
        assert (held, word) == (True, "there is no swap for it")
    else:
        assert (held, word) == (False, "may be swapped: the limit of locked memory is too low")


def swap_files(folder: Path, swaps: str | None, group: str = "0::/a/b\n", most: dict[str, str] | None = None) -> dict[str, Path]:
    """What the kernel tells of swap, as files."""
    if swaps is not None:
        (folder / "swaps").write_text(swaps, "utf-8")
    (folder / "cgroup").write_text(group, "utf-8")
    for name, text in (most or {}).items():
        (folder / "groups" / name).mkdir(parents=True, exist_ok=True)
        (folder / "groups" / name / "memory.swap.max").write_text(text, "utf-8")
    return {"swaps": folder / "swaps", "own_group": folder / "cgroup", "groups": folder / "groups"}


HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
ONE = "/dev/dm-1                               partition\t8388604\t\t0\t\t-2\n"


def test_a_machine_without_swap_has_none(tmp_path: Path) -> None:
    assert has_no_swap(**swap_files(tmp_path, HEAD))


@pytest.mark.parametrize(
    ("most", "group", "holds"),
    [
        ({}, "0::/a/b\n", False),
        ({"a/b": "max\n"}, "0::/a/b\n", False),
        ({"a/b": "4096\n"}, "0::/a/b\n", False),
        ({"a/b": "0\n"}, "0::/a/b\n", True),
        ({"a": "0\n", "a/b": "max\n"}, "0::/a/b\n", True),
        ({"c": "0\n"}, "0::/a/b\n", False),
        ({"a/b": "0\n"}, "5:memory:/a/b\n", False),
        ({"a/b": "0\n"}, "0::/../a/b\n", False),
        ({"a/b": "0\n"}, "", False),
    ],
)
def test_where_there_is_swap_the_control_group_decides(tmp_path: Path, most: dict[str, str], group: str, holds: bool) -> None:
    assert has_no_swap(**swap_files(tmp_path, HEAD + ONE, group, most)) is holds
