"""Starts a program, waits for it and writes down what it took. Run by `bench.processes` in a process of its own, which stays small.

A program's greatest resident memory begins at that of the process which starts it: Linux carries the mark over. Started from here it
begins at a few MB.

usage: launch.py RESULT COMMAND...        RESULT: a file for the figures, as JSON
"""

import json
import resource
import subprocess
import sys
import time


def main() -> None:
    result, *command = sys.argv[1:]
    begun_s = time.perf_counter()
    code = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    wall_s = time.perf_counter() - begun_s
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    figures = {"code": code, "wall_s": wall_s, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss * bytes_per_unit / 1e6}
    with open(result, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would be one more import to measure
        json.dump(figures, file)


if __name__ == "__main__":
    main()
