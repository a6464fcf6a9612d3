"""Limits and rights that a worker gives up: no core dump, no file grows, no new privileges, no capabilities, an end with its supervisor.

What is given up here cannot be had back: limits are set for good (the hard one too), and there is no capability left that would raise them.
Each function raises OSError where the system refuses.
"""

import ctypes
import resource
import signal
from collections.abc import Iterable
from typing import Final

from passerby.sealed.worker import kernel

CAP_DAC_READ_SEARCH: Final = 2
CAP_IPC_LOCK: Final = 14
MOST_CAPABILITIES: Final = 64
CAPABILITY_VERSION: Final = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3: two sets of 32."""
CAPSET: Final = {"x86_64": 126, "aarch64": 91}


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("values", ctypes.c_uint32 * 6),)
    """Effective, permitted, inheritable of capabilities 0 to 31, then of 32 to 63."""


def forbid_core_dumps() -> None:
    """No core file, and none may be asked for later. Dumps into a program's pipe ask no limit: `become_undumpable` stops those."""
    _limit(resource.RLIMIT_CORE, 0)


def core_limit() -> int:
    """Most bytes of a core file that this process may ask for."""
    return resource.getrlimit(resource.RLIMIT_CORE)[1]


def forbid_growing_files() -> None:
    """No write to a file, old or new, by this process: writing fails with EFBIG. Pipes and sockets are no files."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _limit(resource.RLIMIT_FSIZE, 0)


def limit_memory(most_bytes: int) -> None:
    """Private memory that can be written to stays below: an allocation beyond it fails. Mapped files do not count."""
    _limit(resource.RLIMIT_DATA, most_bytes)


def become_undumpable() -> None:
    """No core dump of any kind; no other process of the same user may trace this one or read its memory."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def refuse_new_privileges() -> None:
    """No program that is started, and nothing else, gives privileges. Landlock and seccomp ask for this first."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def end_with_parent() -> None:
    """The kernel kills this process when the thread that started it ends. The worker is to be started by a thread that stays."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def drop_capabilities(keep: Iterable[int] = ()) -> None:
    """Nothing that root may do and others may not is left to this thread and those that it starts, but what is kept.

    Raises:
        OSError: The kernel refused.
    """
    kept = frozenset(keep) & capabilities()
    for number in range(MOST_CAPABILITIES):
        if number in kept:
            continue
        try:
            kernel.prctl(kernel.PR_CAPBSET_DROP, number)
        except OSError:
            # EINVAL: the kernel knows no more. EPERM: an ordinary user, who has none to drop and cannot get any (no new privileges).
            break
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    low = sum(1 << number for number in kept if number < 32)
    high = sum(1 << (number - 32) for number in kept if number >= 32)
    sets = _Sets((ctypes.c_uint32 * 6)(low, low, 0, high, high, 0))
    number_of_call = CAPSET.get(kernel.machine())
    if number_of_call is None:
        raise OSError(0, f"numbers of system calls are not known for {kernel.machine() or 'this machine'}")
    kernel.syscall(number_of_call, _Header(CAPABILITY_VERSION, 0), sets)


def capabilities() -> frozenset[int]:
    """The capabilities that this thread has or may take."""
    value = int(kernel.status_field("CapPrm") or "0", 16) | int(kernel.status_field("CapEff") or "0", 16)
    return frozenset(number for number in range(MOST_CAPABILITIES) if value >> number & 1)


def _limit(which: int, most: int) -> None:
    try:
        resource.setrlimit(which, (most, most))
    except ValueError as error:
        # The hard limit is lower already.
        soft, hard = resource.getrlimit(which)
        if hard == resource.RLIM_INFINITY or hard > most:
            raise OSError(0, str(error)) from error
        if soft == resource.RLIM_INFINITY or soft > hard:
            resource.setrlimit(which, (hard, hard))
