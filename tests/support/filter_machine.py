"""Runs a seccomp filter as the kernel would: a second implementation of the few instructions that `sealed.worker.bpf` has."""

import struct
from collections.abc import Sequence
from typing import Final

MACHINES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "i386": 0x40000003, "arm": 0x40000028}
ALLOW: Final = 0x7FFF0000
KILL: Final = 0x80000000
ERROR: Final = 0x00050000


def verdict(program: bytes, number: int, arguments: Sequence[int] = (), machine: str = "x86_64") -> int:
    """What the filter says of a system call: ALLOW, KILL, or ERROR + errno."""
    padded = [argument % (1 << 64) for argument in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    data = struct.pack("<iIQ6Q", number if number < 1 << 31 else number - (1 << 32), MACHINES[machine], 0, *padded)
    instructions = list(struct.iter_unpack("=HBBI", program))
    accumulator = at = 0
    while True:
        code, if_true, if_false, operand = instructions[at]
        at += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, operand)
            case 0x54:
                accumulator &= operand
            case 0x06:
                return int(operand)
            case 0x15:
                at += if_true if accumulator == operand else if_false
            case 0x35:
                at += if_true if accumulator >= operand else if_false
            case 0x45:
                at += if_true if accumulator & operand else if_false
            case _:
                raise AssertionError(f"an instruction that no filter of ours has: {code:#x}")
