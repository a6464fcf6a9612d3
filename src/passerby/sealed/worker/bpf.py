"""Programs for the kernel's socket filter, as seccomp uses it: a few instructions, and how they are laid out.

An instruction is 8 bytes: code (16 bits), jump if true (8), jump if false (8), operand (32), in the machine's byte order. What is tested is
`struct seccomp_data`: number of the call (int), machine (32 bits), instruction pointer (64), six arguments (64 each). See linux/filter.h,
Documentation/userspace-api/seccomp_filter.rst.
"""

import struct
from typing import Final, NamedTuple

LOAD: Final = 0x20
"""BPF_LD | BPF_W | BPF_ABS: the accumulator becomes the 32 bits at an offset."""
AND: Final = 0x54
"""BPF_ALU | BPF_AND | BPF_K."""
JUMP_EQUAL: Final = 0x15
JUMP_GREATER_OR_EQUAL: Final = 0x35
JUMP_ANY_BIT: Final = 0x45
RETURN: Final = 0x06

NUMBER_AT: Final = 0
MACHINE_AT: Final = 4
ARGUMENTS_AT: Final = 16

ALLOW: Final = 0x7FFF0000
KILL: Final = 0x80000000
"""SECCOMP_RET_KILL_PROCESS."""
REFUSE: Final = 0x00050000
"""SECCOMP_RET_ERRNO: the lower 16 bits are the error."""
MOST_INSTRUCTIONS: Final = 4096
FORM: Final = "=HBBI"


class Instruction(NamedTuple):
    """One instruction; jumps count from the next one."""

    code: int
    if_true: int
    if_false: int
    operand: int


Program = list[Instruction]


def load(offset: int) -> Program:
    """Take up the 32 bits at an offset."""
    return [Instruction(LOAD, 0, 0, offset)]


def load_argument(number: int) -> Program:
    """Take up the lower half of an argument (0 to 5): all that the kernel reads of an int. Machines are little-endian."""
    return load(ARGUMENTS_AT + 8 * number)


def keep_bits(mask: int) -> Program:
    """Clear all other bits of what was taken up."""
    return [Instruction(AND, 0, 0, mask)]


def give(verdict: int) -> Program:
    """End with a verdict."""
    return [Instruction(RETURN, 0, 0, verdict)]


def refuse(error: int) -> Program:
    """End: the call fails with this error."""
    return give(REFUSE | error)


def if_equal(value: int, then: Program) -> Program:
    """If what was taken up is this value, go through `then`."""
    return [Instruction(JUMP_EQUAL, 0, _far(then), value), *then]


def unless_equal(value: int, then: Program) -> Program:
    """If what was taken up is another value, go through `then`."""
    return [Instruction(JUMP_EQUAL, _far(then), 0, value), *then]


def unless_among(values: tuple[int, ...], then: Program) -> Program:
    """If what was taken up is none of these values, go through `then`."""
    program: Program = []
    for left, value in zip(range(len(values) - 1, -1, -1), values, strict=True):
        program.append(Instruction(JUMP_EQUAL, left + len(then), 0, value))
    _far([*program, *then])
    return [*program, *then]


def if_at_least(value: int, then: Program) -> Program:
    """If what was taken up is as large as this, go through `then`."""
    return [Instruction(JUMP_GREATER_OR_EQUAL, 0, _far(then), value), *then]


def if_any_bit(mask: int, then: Program) -> Program:
    """If what was taken up has one of these bits, go through `then`."""
    return [Instruction(JUMP_ANY_BIT, 0, _far(then), mask), *then]


def unless_any_bit(mask: int, then: Program) -> Program:
    """If what was taken up has none of these bits, go through `then`."""
    return [Instruction(JUMP_ANY_BIT, _far(then), 0, mask), *then]


def packed(program: Program) -> bytes:
    """The program as the kernel takes it.

    Raises:
        ValueError: It is too long.
    """
    if len(program) > MOST_INSTRUCTIONS:
        raise ValueError(f"a filter of {len(program)} instructions; at most {MOST_INSTRUCTIONS}")
    return b"".join(struct.pack(FORM, *instruction) for instruction in program)


def _far(then: Program) -> int:
    if len(then) > 255:
        raise ValueError(f"a jump over {len(then)} instructions; at most 255")
    return len(then)
