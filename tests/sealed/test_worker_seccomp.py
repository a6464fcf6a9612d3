"""The filter of system calls, on both machines that it is made for, run by a second implementation of its instructions."""

import errno
import os
import re
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.sealed.worker import bpf
from passerby.sealed.worker.seccomp import CLONE_THREAD, FAST_OPEN, LOOKED_AT, UNKNOWN, filter_for
from passerby.sealed.worker.system_calls import NEWEST, NUMBERS, number_of
from tests.support.filter_machine import ALLOW, ERROR, KILL, verdict

MACHINES = ("x86_64", "aarch64")
PID = 4711
PROGRAMS = {
    (machine, udp, devices): bpf.packed(filter_for(machine, PID, udp=udp, devices=devices))
    for machine in MACHINES
    for udp in (True, False)
    for devices in (True, False)
}
HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    "aarch64": ("/usr/include/asm-generic/unistd.h",),
}
USUAL = (
    "read",
    "write",
    "futex",
    "mmap",
    "mprotect",
    "brk",
    "close",
    "poll",
    "ppoll",
    "epoll_wait",
    "connect",
    "recvfrom",
    "recvmsg",
    "getrandom",
    "fstat",
    "lseek",
)


def says(name: str, *arguments: int, machine: str = "x86_64", udp: bool = True, devices: bool = False) -> str:
    number = number_of(name, machine)
    assert number is not None
    word = verdict(PROGRAMS[machine, udp, devices], number, arguments, machine)
    return {ALLOW: "allowed", KILL: "killed"}.get(word) or errno.errorcode[word - ERROR]


def numbers_in_header(machine: str) -> dict[str, int]:
    for name in HEADERS[machine]:
        if Path(name).exists():
            return {call: int(number) for call, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(name).read_text("utf-8"))}
    pytest.skip("the kernel's headers are not here")


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    header = numbers_in_header(machine)
    compared = {name: number for name in NUMBERS if (number := number_of(name, machine)) is not None and name in header}
    assert len(compared) > 80
    assert compared == {name: header[name] for name in compared}
    # What a machine has not got is not in its header either, but for old calls that the generic table only lists for others.
    without = {name for name in NUMBERS if number_of(name, machine) is None}
    assert not without & set(header)


@pytest.mark.parametrize("machine", MACHINES)
def test_usual_calls_are_allowed(machine: str) -> None:
    header = numbers_in_header(machine)
    there = [name for name in USUAL if name in header]
    assert len(there) > 10
    assert {verdict(PROGRAMS[machine, True, False], header[name], (), machine) for name in there} == {ALLOW}


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_listed_is_refused_whatever_its_arguments(machine: str) -> None:
    for name in NUMBERS:
        if name in LOOKED_AT or number_of(name, machine) is None:
            continue
        for arguments in ((), (1, 2, 3, 4, 5, 6), (2**64 - 1,) * 6):
            assert says(name, *arguments, machine=machine) == ("ENOSYS" if name in UNKNOWN else "EPERM"), name


@pytest.mark.parametrize("machine", MACHINES)
def test_threads_may_be_started_and_processes_not(machine: str) -> None:
    assert says("clone", 0x3D0F00 | CLONE_THREAD, machine=machine) == "allowed"
    assert says("clone", 0x01200011, machine=machine) == "EPERM"
    assert says("clone", 0x10000000, machine=machine) == "EPERM"


@pytest.mark.parametrize("machine", MACHINES)
@given(flags=st.integers(0, 2**32 - 1))
def test_no_flags_open_a_file_for_writing(machine: str, flags: int) -> None:
    writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    assert says("openat", 0, 0, flags, machine=machine) == ("EACCES" if writes else "allowed")


def test_devices_of_a_graphics_card_leave_opening_to_landlock() -> None:
    assert says("openat", 0, 0, os.O_RDWR, devices=True) == "allowed"
    assert says("open", 0, os.O_RDWR, devices=True) == "allowed"
    assert says("unlinkat", devices=True) == "EPERM"


@pytest.mark.parametrize("machine", MACHINES)
@given(family=st.integers(0, 2**32 - 1), kind=st.integers(0, 2**32 - 1), protocol=st.integers(0, 2**32 - 1))
def test_sockets_are_tcp_udp_or_the_question_for_own_addresses(machine: str, family: int, kind: int, protocol: int) -> None:
    word = says("socket", family, kind, protocol, machine=machine)
    plain = family in {2, 10} and kind & 15 in {1, 2} and protocol in {0, 6, 17}
    assert word == ("allowed" if plain or (family == 16 and protocol == 0) else "EACCES")


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_sockets_that_cameras_need_are_allowed(machine: str, family: int) -> None:
    # SOCK_CLOEXEC and SOCK_NONBLOCK, as Linux has them on both machines.
    for flags in (0, 0o2000000, 0o2004000):
        assert says("socket", family, socket.SOCK_STREAM | flags, 0, machine=machine) == "allowed"
        assert says("socket", family, socket.SOCK_STREAM | flags, 6, machine=machine, udp=False) == "allowed"
        assert says("socket", family, socket.SOCK_DGRAM | flags, 17, machine=machine) == "allowed"
        assert says("socket", family, socket.SOCK_DGRAM | flags, 0, machine=machine, udp=False) == "EACCES"


@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_is_sent_that_connects_on_the_way(machine: str) -> None:
    for name, at in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        arguments = [0] * 6
        assert says(name, *arguments, machine=machine) == "allowed"
        arguments[at] = FAST_OPEN | 0x4000
        assert says(name, *arguments, machine=machine) == "EPERM"


@pytest.mark.parametrize("machine", MACHINES)
def test_signals_go_to_the_process_itself_only(machine: str) -> None:
    for name in ("kill", "tgkill"):
        assert says(name, PID, machine=machine) == "allowed"
        for other in (0, 1, PID + 1, 2**64 - 1, 2**64 - PID):
            assert says(name, other, machine=machine) == "EPERM"


@pytest.mark.parametrize("machine", MACHINES)
def test_what_was_given_up_is_not_had_back(machine: str) -> None:
    for setting in (1, 4, 35, 0x59616D61):
        assert says("prctl", setting, machine=machine) == "EPERM"
    # A thread's name, and asking.
    for setting in (15, 3, 38):
        assert says("prctl", setting, machine=machine) == "allowed"


@pytest.mark.parametrize("machine", MACHINES)
@given(number=st.integers(NEWEST + 1, 0x3FFFFFFF))
def test_calls_that_the_list_does_not_know_yet_are_refused_as_unknown(machine: str, number: int) -> None:
    assert verdict(PROGRAMS[machine, True, False], number, (), machine) == ERROR + errno.ENOSYS


@given(number=st.integers(0, 2**32 - 1))
def test_another_machines_numbering_ends_the_process(number: int) -> None:
    for machine, foreign in (("x86_64", "i386"), ("x86_64", "aarch64"), ("aarch64", "arm"), ("aarch64", "x86_64")):
        assert verdict(PROGRAMS[machine, True, False], number, (), foreign) == KILL
    # x32: the numbering of x86-64 with a bit more.
    assert verdict(PROGRAMS["x86_64", True, False], 0x40000000 | number % NEWEST, (), "x86_64") == KILL


@pytest.mark.parametrize("program", PROGRAMS.values())
def test_a_filter_is_short_enough_for_the_kernel(program: bytes) -> None:
    assert len(program) // 8 < 512


def test_a_jump_that_is_too_far_is_an_error_and_no_other_jump() -> None:
    with pytest.raises(ValueError, match="at most 255"):
        bpf.if_equal(1, bpf.load(0) * 256)
    with pytest.raises(ValueError, match="at most 4096"):
        bpf.packed(bpf.load(0) * 4097)
