"""A program of Passerby whose wall clock is off by what a file says, and jumps when the file changes. Run, not imported:

    python -I shifted_clock.py OFFSET_FILE [-I] [-B] -m MODULE [ARGUMENT...]     as python would run the module
    python -I shifted_clock.py OFFSET_FILE ARGUMENT...                           as `passerby ARGUMENT...`

The file holds seconds as a double. It is mapped into memory, so that a process that may open no file any more still sees it change. Processes
that this one starts with `sys.executable` are shifted, too: the name leads to a script beside the file that comes back here.
"""

import mmap
import runpy
import struct
import sys
import time
from pathlib import Path

DOUBLE = struct.Struct("<d")


def shift(offset_file: Path) -> None:
    """From now on this process's wall clock is off by what the file says."""
    with offset_file.open("rb") as file:
        offset = mmap.mmap(file.fileno(), DOUBLE.size, prot=mmap.PROT_READ)
    real = time.time
    time.time = lambda: real() + DOUBLE.unpack_from(offset)[0]
    stand_in = offset_file.with_name("python")
    if not stand_in.exists():
        stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{Path(__file__).resolve()}" "{offset_file}" "$@"\n', "utf-8")
        stand_in.chmod(0o755)
    sys.executable = str(stand_in)


def main() -> None:
    """Runs the module or the command."""
    offset_file, arguments = Path(sys.argv[1]).resolve(), sys.argv[2:]
    shift(offset_file)
    if "-m" in arguments:
        at = arguments.index("-m")
        sys.argv = [arguments[at + 1], *arguments[at + 2 :]]
        runpy.run_module(arguments[at + 1], run_name="__main__", alter_sys=True)
    else:
        from passerby.cli import main as passerby  # noqa: PLC0415 - after the clock is off

        sys.argv = ["passerby", *arguments]
        passerby()


if __name__ == "__main__":
    main()
