"""Linux's calls that Python has no function for, through the C library. The one module of the worker that meets ctypes.

Each call raises OSError as Python's own functions do, so that callers say what holds instead. Elsewhere than on Linux there are none.
"""

import ctypes
import os
import platform
import sys
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_GET_DUMPABLE: Final = 3
PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_CAPBSET_READ: Final = 23
PR_CAPBSET_DROP: Final = 24
PR_SET_NO_NEW_PRIVS: Final = 38
PR_GET_NO_NEW_PRIVS: Final = 39
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_CLEAR_ALL: Final = 4

MACHINES: Final = ("x86_64", "aarch64")
"""Whose numbers of system calls are known here."""


Argument = int | ctypes.Structure | ctypes.Array[ctypes.c_char] | None
"""Of a system call."""


def is_linux() -> bool:
    """Whether this is Linux."""
    return sys.platform == "linux"


def machine() -> str:
    """The machine's name as the kernel has it: one of MACHINES, or another. A program of 32 bits is on none of them."""
    return platform.machine() if sys.maxsize > 1 << 32 else ""


def prctl(option: int, *arguments: int) -> int:
    """What `prctl` of the C library returns.

    Raises:
        OSError: The kernel refused.
    """
    function = _library().prctl
    function.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    function.restype = ctypes.c_int
    padded = [*arguments, 0, 0, 0, 0][:4]
    return _checked(function(option, *padded), "prctl")


def mlockall(flags: int) -> None:
    """Locks this process's memory as `flags` say.

    Raises:
        OSError: The kernel refused.
    """
    _checked(_library().mlockall(ctypes.c_int(flags)), "mlockall")


def syscall(number: int, *arguments: Argument) -> int:
    """What a system call returns. Integers are passed as they are, structures and buffers by their address, None as 0.

    Raises:
        OSError: The kernel refused.
    """
    function = _library().syscall
    function.restype = ctypes.c_long
    passed = [ctypes.c_long(one) if isinstance(one, int) else None if one is None else ctypes.byref(one) for one in arguments]
    return _checked(function(ctypes.c_long(number), *passed), "system call")


def thread_count() -> int:
    """Threads of this process, also those that libraries started; 0 = not known."""
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - counted, not walked
    except OSError:
        return 0


def status_field(name: str) -> str:
    """A line of /proc/self/status, or "" where it cannot be read."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")), "")


def _library() -> ctypes.CDLL:
    if not is_linux():
        raise OSError(0, "no Linux")
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return int(result)
