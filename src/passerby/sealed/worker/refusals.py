"""Asks the kernel whether it refuses, by trying what would have no effect if it were allowed: a protection is what holds, not what was set.

Arguments are such that an allowed call fails with another error than a refused one, and does nothing.
"""

import ctypes
import errno
import fcntl
import os
import socket
import stat
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from passerby.sealed.worker import kernel
from passerby.sealed.worker.system_calls import number_of

REFUSED: Final = (errno.EPERM, errno.EACCES)
NOWHERE: Final = 1
"""An address that no process has memory at."""
NO_DESCRIPTOR: Final = -1
NO_PROCESS: Final = 0x7FFFFFFE
"""No process has this number: PID_MAX_LIMIT is 2**22."""
PASSWORDS: Final = ("/etc/passwd", "/etc/master.passwd")
PTRACE_PEEKDATA: Final = 2


def writes_nothing() -> bool:
    """Whether opening a file for writing is refused."""
    return _refused(lambda: os.close(os.open("/dev/null", os.O_WRONLY | os.O_CLOEXEC)))


def reads_passwords() -> bool:
    """Whether a file that no worker needs can be read."""
    return any(_opened(path) for path in PASSWORDS)


def connects_elsewhere(ports: Iterable[int]) -> bool:
    """Whether a TCP connection may begin to a port (of this machine) that is not among these."""
    other = next(port for port in range(9, 1 << 16) if port not in set(ports))
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
            tried.setblocking(False)
            return tried.connect_ex(("127.0.0.1", other)) not in REFUSED
    except OSError as error:
        return error.errno not in REFUSED


def sends_no_datagrams() -> bool:
    """Whether there is no socket for UDP to be had."""
    return _refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close())


def listens_no_more() -> bool:
    """Whether listening for connections is refused."""
    return _call_refused("listen", NO_DESCRIPTOR, 1)


def starts_nothing() -> bool:
    """Whether starting a program is refused: this very Python, with arguments that lie nowhere, so that it is not started."""
    return _call_refused("execve", ctypes.create_string_buffer(os.fsencode(sys.executable)), NOWHERE, None)


def reaches_no_other() -> bool:
    """Whether tracing, reading, and sending signals to other processes are refused, and memory shared with them."""
    return (
        _call_refused("ptrace", PTRACE_PEEKDATA, NO_PROCESS, 0, 0)
        and _call_refused("process_vm_readv", NO_PROCESS, None, 0, None, 0, 0)
        and _call_refused("kill", NO_PROCESS, 0)
        and _call_refused("shmat", -1, None, 0)
    )


def odd_outlets() -> list[str] | None:
    """Kinds of what this process has open for writing beside pipes and /dev/null; None = cannot be listed."""
    try:
        handles = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    except OSError:
        return None
    odd: list[str] = []
    for handle in sorted(handles):
        try:
            mode, flags = os.fstat(handle), _flags(handle)
        except OSError:
            continue  # the one that listed the folder
        if flags & os.O_ACCMODE == os.O_RDONLY or flags & os.O_PATH or stat.S_ISFIFO(mode.st_mode) or _is_null(mode):
            continue
        odd.append(_kind(mode.st_mode))
    return odd


def _flags(handle: int) -> int:
    return fcntl.fcntl(handle, fcntl.F_GETFL)


def _is_null(mode: os.stat_result) -> bool:
    null = Path("/dev/null").stat()
    return stat.S_ISCHR(mode.st_mode) and mode.st_rdev == null.st_rdev


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISREG, "a file"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a terminal or device"))
    return next((word for holds, word in kinds if holds(mode)), "something else")


def _opened(path: str) -> bool:
    return not _refused(lambda: os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))) and Path(path).exists()


def _refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError as error:
        return error.errno in REFUSED
    return False


def _call_refused(name: str, *arguments: kernel.Argument) -> bool:
    """Whether a system call is refused as such; False where its number is not known."""
    machine = kernel.machine()
    number = number_of(name, machine) if machine in kernel.MACHINES else None
    return number is not None and _refused(lambda: kernel.syscall(number, *arguments))
