"""What a process uses: processor time and resident memory. The file that tells is opened before the process closes itself in."""

import os
import resource
import sys
import time
from typing import Final

STATM: Final = "/proc/self/statm"


class Usage:
    """Of this process. Make it before Landlock: later the file cannot be opened any more."""

    def __init__(self) -> None:
        try:
            self._statm: int | None = os.open(STATM, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._statm = None
        self._page_bytes = os.sysconf("SC_PAGESIZE")

    def cpu_s(self) -> float:
        """Seconds of processor time, of all threads, since the start."""
        return time.process_time()

    def resident_bytes(self) -> int:
        """Memory that is resident now; without /proc, the most that ever was."""
        if self._statm is not None:
            try:
                return int(os.pread(self._statm, 128, 0).split()[1]) * self._page_bytes
            except (OSError, IndexError, ValueError):
                self._statm = None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
