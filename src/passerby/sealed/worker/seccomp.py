"""seccomp: the kernel refuses this process the system calls that a worker has no use for, in all its threads.

A list of what is refused, not of what is allowed: which calls Python, FFmpeg, OpenCV and ONNX Runtime make differs from one version of a C library to
the next, and a worker that a new one breaks would be run without. What carries bytes out of a process is refused by kind: new files and files opened
for writing, programs, other processes' memory, shared memory, sockets other than TCP and UDP, listening. Calls that are newer than the list, calls
of another machine's numbering (32 bits, x32) and io_uring, which goes past filters, are refused as well.
"""

import ctypes
import errno
import os
from typing import Final

from passerby.sealed.worker import bpf, kernel
from passerby.sealed.worker.bpf import Program
from passerby.sealed.worker.system_calls import NEWEST, NUMBERS, number_of

AUDIT_MACHINES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT: Final = 0x40000000
SET_FILTER: Final = 1
ALL_THREADS: Final = 1
"""SECCOMP_FILTER_FLAG_TSYNC."""
MODE_FILTER: Final = 2

CLONE_THREAD: Final = 0x00010000
FAST_OPEN: Final = 0x20000000
"""MSG_FASTOPEN: connects while sending, past Landlock's check of connections."""
WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
FAMILIES: Final = (2, 10)
"""AF_INET and AF_INET6."""
NETLINK: Final = 16
"""Where the C library learns which addresses this machine has."""
STREAM: Final = 1
DATAGRAM: Final = 2
KIND_BITS: Final = 0xF
PLAIN: Final = (0, 6, 17)
"""Protocols: the usual one, TCP, UDP. Others (MPTCP, SCTP) go past Landlock's rules for ports."""
KEPT_SETTINGS: Final = (kernel.PR_SET_DUMPABLE, kernel.PR_SET_PDEATHSIG, 35, 0x59616D61)
"""What prctl may not set anew; 35 = PR_SET_MM, the last = PR_SET_PTRACER."""

UNKNOWN: Final = ("clone3", "openat2", "io_uring_setup", "io_uring_enter", "io_uring_register")
"""Refused as if the kernel had them not, so that libraries take the older call: what these do stands in memory, where no filter can look."""
LOOKED_AT: Final = ("clone", "socket", "open", "openat", "sendto", "sendmsg", "sendmmsg", "kill", "tgkill", "prctl")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def filter_for(machine: str, pid: int, *, udp: bool = True, devices: bool = False) -> Program:
    """The filter.

    Args:
        machine: "x86_64" or "aarch64".
        pid: The own process: it may send signals to itself.
        udp: Whether UDP sockets are allowed.
        devices: Whether files may be opened for writing, because a graphics card needs it: which ones is then left to Landlock.
    """
    program = [*bpf.load(bpf.MACHINE_AT), *bpf.unless_equal(AUDIT_MACHINES[machine], bpf.give(bpf.KILL)), *bpf.load(bpf.NUMBER_AT)]
    if machine == "x86_64":
        program += bpf.if_at_least(X32_BIT, bpf.give(bpf.KILL))
    program += bpf.if_at_least(NEWEST + 1, bpf.refuse(errno.ENOSYS))
    parts = _looked_at(pid, udp=udp, devices=devices)
    for name in NUMBERS:
        number = number_of(name, machine)
        if number is not None:
            program += bpf.if_equal(number, parts[name] if name in parts else bpf.refuse(errno.ENOSYS if name in UNKNOWN else errno.EPERM))
    return [*program, *bpf.give(bpf.ALLOW)]


def _looked_at(pid: int, *, udp: bool, devices: bool) -> dict[str, Program]:
    """What becomes of calls whose arguments decide; each part ends with a verdict."""
    no, yes = bpf.refuse(errno.EPERM), bpf.give(bpf.ALLOW)
    own = [*bpf.load_argument(0), *bpf.unless_equal(pid, no), *yes]

    def opening(flags: int) -> Program:
        return yes if devices else [*bpf.load_argument(flags), *bpf.if_any_bit(WRITING, bpf.refuse(errno.EACCES)), *yes]

    def sending(flags: int) -> Program:
        return [*bpf.load_argument(flags), *bpf.if_any_bit(FAST_OPEN, no), *yes]

    return {
        "clone": [*bpf.load_argument(0), *bpf.unless_any_bit(CLONE_THREAD, no), *yes],
        "socket": _socket(udp=udp),
        "open": opening(1),
        "openat": opening(2),
        "sendto": sending(3),
        "sendmsg": sending(2),
        "sendmmsg": sending(3),
        "kill": own,
        "tgkill": own,
        "prctl": [*bpf.load_argument(0), *(line for setting in KEPT_SETTINGS for line in bpf.if_equal(setting, no)), *yes],
    }


def _socket(*, udp: bool) -> Program:
    """TCP and UDP, and the question for own addresses; nothing else."""
    no, yes = bpf.refuse(errno.EACCES), bpf.give(bpf.ALLOW)
    return [
        *bpf.load_argument(0),
        *bpf.if_equal(NETLINK, [*bpf.load_argument(2), *bpf.if_equal(0, yes), *no]),
        *bpf.unless_among(FAMILIES, no),
        *bpf.load_argument(1),
        *bpf.keep_bits(KIND_BITS),
        *bpf.unless_among((STREAM, DATAGRAM) if udp else (STREAM,), no),
        *bpf.load_argument(2),
        *bpf.unless_among(PLAIN, no),
        *yes,
    ]


def restrict(*, udp: bool, devices: bool) -> str:
    """Put the filter on all threads for good; `limits.refuse_new_privileges` comes before.

    Returns:
        "" = it holds; else why not, in words.
    """
    machine = kernel.machine()
    if not kernel.is_linux():
        return "seccomp is Linux's only"
    if machine not in kernel.MACHINES:
        return f"there is no filter for {machine or 'this machine'}"
    data = bpf.packed(filter_for(machine, os.getpid(), udp=udp, devices=devices))
    buffer = ctypes.create_string_buffer(data, len(data))
    program = _Program(len(data) // 8, ctypes.addressof(buffer))
    number = number_of("seccomp", machine)
    try:
        if number is None or kernel.syscall(number, SET_FILTER, ALL_THREADS, program) != 0:
            return "a thread could not be filtered"
    except OSError as error:
        return "a container or another sandbox forbids seccomp" if error.errno in {errno.EPERM, errno.EACCES} else f"seccomp failed: {error.strerror}"
    return ""
