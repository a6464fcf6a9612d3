"""How much memory this process holds, how it gives back what it no longer needs, and that nobody gets a copy of it."""

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
_PR_SET_DUMPABLE: Final = 4


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


def refuse_dumps() -> bool:
    """Has the system write no core dump of this process, and let no other process of this user look into it; whether it could be told.

    It holds no raw picture, but the cameras' passwords. Processes that it starts decide for themselves (prctl(2), PR_SET_DUMPABLE).
    """
    if not sys.platform.startswith("linux"):
        return False
    return int(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)) == 0


def resident_bytes() -> int:
    """Resident memory now; where the system does not tell, the most that it ever was."""
    try:
        return int(STATUS.read_text("ascii").split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
