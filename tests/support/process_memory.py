"""The memory of a running process, from outside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAPPING: Final = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ *(.*)$")
AT_ONCE: Final = 1 << 24
LEFT_OUT: Final = ("[vvar", "[vsyscall", "[vdso")


@dataclass(frozen=True)
class Part:
    """Some memory of a process.

    Attributes:
        name: The file or kind of the mapping; "" = none.
        data: The bytes.
    """

    name: str
    data: bytes


def memory_of(pid: int) -> Iterator[Part]:
    """All memory of a process that it can write to, a part at a time; parts of a mapping overlap by some bytes.

    Raises:
        PermissionError: It may not be read.
    """
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines():
            matched = MAPPING.match(line)
            assert matched is not None, line
            start, end, rights, name = int(matched[1], 16), int(matched[2], 16), matched[3], matched[4]
            if not rights.startswith("rw") or name.startswith(LEFT_OUT):
                continue
            for at in range(start, end, AT_ONCE):
                try:
                    memory.seek(at)
                    yield Part(name, memory.read(min(AT_ONCE + 64, end - at)))
                except (OSError, OverflowError):
                    continue  # gone meanwhile
