"""Landlock: the kernel refuses this process every file, and every TCP port, that was not named beforehand (Linux 5.13; ports from 6.7 on).

Everything that Landlock of this kernel can govern is governed, so that what is not named is refused: writing, making, removing, executing, devices.
Only reading is ever allowed, and reading and writing of the devices that a graphics card needs. It binds the calling thread and those that it starts
(from Linux 7.0 on: all threads); stat(2) is not governed. A rule belongs to a file, not to its name: a file that is replaced by another is refused.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from passerby.sealed.worker import kernel
from passerby.sealed.worker.allowance import Allowance

# The same numbers on all machines.
CREATE_RULESET: Final = 444
ADD_RULE: Final = 445
RESTRICT_SELF: Final = 446

ASK_VERSION: Final = 1
RULE_PATH: Final = 1
RULE_PORT: Final = 2
ALL_THREADS: Final = 1 << 3
"""Flag of landlock_restrict_self, from ABI 8 on."""
THREADS_ABI: Final = 8

WRITE_FILE: Final = 1 << 1
READ_FILE: Final = 1 << 2
READ_FOLDER: Final = 1 << 3
IOCTL_DEVICE: Final = 1 << 15
CONNECT_TCP: Final = 1 << 1
PORTS_ABI: Final = 4
SCOPE_ABI: Final = 6

FILE_RIGHTS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""What can be governed from each ABI on: 13 rights; then also linking to other folders, truncating, ioctl of devices."""
PORT_RIGHTS: Final = 3
"""Binding and connecting TCP sockets."""
SCOPES: Final = 3
"""Abstract UNIX sockets of others, signals to others."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("ports", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _PortRule(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


@dataclass(frozen=True)
class Landlocked:
    """What Landlock holds.

    Attributes:
        abi: Its version; 0 = it is not there, and nothing holds.
        why_not: Why nothing holds, in words; "" = it does.
        all_threads: Whether every thread of the process is bound.
        missing: How many of the own files that were allowed are not there.
    """

    abi: int
    why_not: str = ""
    all_threads: bool = False
    missing: int = 0

    @property
    def files(self) -> bool:
        """Whether files are closed but those allowed."""
        return self.abi >= 1 and self.all_threads and not self.why_not

    @property
    def ports(self) -> bool:
        """Whether TCP is closed but to the ports allowed."""
        return self.abi >= PORTS_ABI and self.files

    @property
    def scopes(self) -> bool:
        """Whether signals to other processes and their abstract sockets are closed."""
        return self.abi >= SCOPE_ABI and self.files


def abi_version() -> int:
    """The version of Landlock of this kernel, at least 1.

    Raises:
        OSError: There is none: ENOSYS = not built in, EOPNOTSUPP = switched off at boot, EPERM = a container forbids it.
    """
    return kernel.syscall(CREATE_RULESET, None, 0, ASK_VERSION)


def restrict(allowance: Allowance) -> Landlocked:
    """Close this process in for good. `limits.refuse_new_privileges` comes before. Never raises: says what holds."""
    try:
        abi = abi_version()
    except OSError as error:
        return Landlocked(0, _why_not(error))
    ports = PORT_RIGHTS if abi >= PORTS_ABI else 0
    governed = FILE_RIGHTS[max(known for known in FILE_RIGHTS if known <= abi)]
    whole = _Ruleset(governed, ports, SCOPES if abi >= SCOPE_ABI else 0)
    # Older kernels refuse structures that are longer than theirs only where the rest is not zero.
    try:
        ruleset = kernel.syscall(CREATE_RULESET, whole, ctypes.sizeof(whole), 0)
    except OSError as error:
        return Landlocked(0, _why_not(error))
    try:
        missing = _allow_files(ruleset, allowance, governed)
        if ports:
            _allow_ports(ruleset, allowance.tcp_ports)
        alone = kernel.thread_count() == 1
        kernel.syscall(RESTRICT_SELF, ruleset, ALL_THREADS if abi >= THREADS_ABI else 0)
    except OSError as error:
        return Landlocked(0, _why_not(error))
    finally:
        os.close(ruleset)
    return Landlocked(abi, "", alone or abi >= THREADS_ABI, missing)


def _allow_files(ruleset: int, allowance: Allowance, governed: int) -> int:
    """Allows what there is; returns how many of the own files there are not."""
    reading = (READ_FILE | READ_FOLDER) & governed
    for path in allowance.system:
        _allow(ruleset, path, reading)
    for path in allowance.devices:
        _allow(ruleset, path, reading | (WRITE_FILE | IOCTL_DEVICE) & governed)
    return sum(not _allow(ruleset, path, reading) for path in allowance.own)


def _allow(ruleset: int, path: Path, rights: int) -> bool:
    """Whether the path is there and now allowed."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= ~READ_FOLDER
        kernel.syscall(ADD_RULE, ruleset, RULE_PATH, _PathRule(rights, handle), 0)
    finally:
        os.close(handle)
    return True


def _allow_ports(ruleset: int, ports: Iterable[int]) -> None:
    for port in ports:
        kernel.syscall(ADD_RULE, ruleset, RULE_PORT, _PortRule(CONNECT_TCP, port), 0)


def _why_not(error: OSError) -> str:
    match error.errno:
        case errno.ENOSYS:
            return "this kernel has no Landlock (Linux 5.13 or newer)"
        case errno.EOPNOTSUPP:
            return "Landlock is switched off at boot"
        case errno.EPERM | errno.EACCES:
            return "a container or another sandbox forbids Landlock"
        case 0:
            return "Landlock is Linux's only"
        case _:
            return f"Landlock failed: {os.strerror(error.errno or 0)}"
