"""Which start of the machine this is, and for how long it has been running, also while it slept. Reads the kernel; no state of its own."""

import time
from pathlib import Path
from typing import Final, Protocol

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Machine(Protocol):
    """A machine's running clock."""

    def boot_id(self) -> str:
        """Something that differs after each start; "" = it cannot be known, so that each start of the process counts as one."""
        ...

    def running_s(self) -> float:
        """Seconds since the start, those asleep included. Never goes back while it runs."""
        ...


class ThisMachine:
    """The machine that we run on."""

    def boot_id(self) -> str:
        """The kernel's own id of this start; "" = it has none."""
        try:
            return _BOOT_ID.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def running_s(self) -> float:
        """Seconds since the start; where the kernel does not count those asleep, without them."""
        boottime = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if boottime is None else time.clock_gettime(boottime)
