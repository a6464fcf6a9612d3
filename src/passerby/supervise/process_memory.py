"""How much memory this process holds, and how it gives back what it no longer needs."""

import ctypes
import resource
import sys
from pathlib import Path
from typing import Final

STATUS: Final = Path("/proc/self/statm")
LARGE_BYTES: Final = 64 * 1024
ARENAS: Final = 2
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8


def give_back_large_blocks() -> bool:
    """Has the C library give large blocks back at once, and keep few arenas; whether it could be told.

    A plate of some megabytes that came through would else stay in the arena of the thread that read it, once for each thread. To be called
    before threads are started. Only glibc knows these words (mallopt(3)).
    """
    if not sys.platform.startswith("linux"):
        return False
    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    if tell is None:
        return False
    wishes = ((_M_MMAP_THRESHOLD, LARGE_BYTES), (_M_TRIM_THRESHOLD, 8 * LARGE_BYTES), (_M_ARENA_MAX, ARENAS))
    answers = [tell(name, value) for name, value in wishes]
    return all(answer == 1 for answer in answers)


def resident_bytes() -> int:
    """Resident memory now; where the system does not tell, the most that it ever was."""
    try:
        return int(STATUS.read_text("ascii").split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
