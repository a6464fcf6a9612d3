"""Keeps a worker's memory out of swap: by locking it, or because there is no swap for it.

Locking needs a limit of locked memory without end (systemd: LimitMEMLOCK=infinity) or CAP_IPC_LOCK: with less, the lock would be refused, or, worse,
be granted and later make allocations fail. Pages are locked when they are first touched (MCL_ONFAULT), so that locking costs no memory.

Hibernation writes all memory to the disk, locked or not: a machine that hibernates must encrypt its swap (docs/design/sealing.md).
"""

import resource
from pathlib import Path
from typing import Final

from passerby.sealed.worker import kernel
from passerby.sealed.worker.limits import CAP_IPC_LOCK, capabilities

MCL_CURRENT: Final = 1
MCL_FUTURE: Final = 2
MCL_ONFAULT: Final = 4

SWAPS: Final = Path("/proc/swaps")
OWN_GROUP: Final = Path("/proc/self/cgroup")
GROUPS: Final = Path("/sys/fs/cgroup")


def needs_capability_to_lock() -> bool:
    """Whether locked memory stays allowed only while CAP_IPC_LOCK is kept: the limit ends somewhere and cannot be raised."""
    _raise_limit()
    return resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != resource.RLIM_INFINITY


def lock_memory() -> None:
    """All memory that this process has and will have stays in RAM.

    Raises:
        OSError: It may not be locked.
    """
    if needs_capability_to_lock() and CAP_IPC_LOCK not in capabilities():
        raise OSError(0, "the limit of locked memory is too low")
    kernel.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)


def is_locked() -> bool:
    """Whether pages of this process are locked (what the kernel says, not what was asked for)."""
    return kernel.status_field("VmLck").partition(" ")[0] not in {"", "0"}


def has_no_swap(swaps: Path = SWAPS, own_group: Path = OWN_GROUP, groups: Path = GROUPS) -> bool:
    """Whether nothing of this process can be swapped as the machine is set now: no swap at all, or none for its control group."""
    return _machine_has_none(swaps) or _group_has_none(own_group, groups)


def _machine_has_none(swaps: Path) -> bool:
    try:
        lines = swaps.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        # A kernel that can swap has the file; without /proc nothing is known.
        return Path("/proc/self/status").exists()
    except OSError:
        return False
    return len(lines) <= 1


def _group_has_none(own_group: Path, groups: Path) -> bool:
    """Whether the own control group (version 2), or one above it, has memory.swap.max = 0 (systemd: MemorySwapMax=0)."""
    try:
        own = next(line[3:] for line in own_group.read_text(encoding="utf-8").splitlines() if line.startswith("0::/"))
    except (OSError, StopIteration):
        return False
    folder = groups / own.strip("/")
    if ".." in folder.parts:
        return False
    for one in (folder, *folder.parents):
        if not one.is_relative_to(groups):
            break
        try:
            if (one / "memory.swap.max").read_text(encoding="utf-8").strip() == "0":
                return True
        except OSError:
            continue
    return False


def _raise_limit() -> None:
    """The limit of locked memory as high as it goes."""
    _, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    for most in (resource.RLIM_INFINITY, hard):
        try:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (most, most))
        except (ValueError, OSError):
            continue
        return
