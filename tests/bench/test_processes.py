import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.processes import ProgramFailedError, resident_mb, run


def test_a_run_says_what_the_program_took() -> None:
    block = "b = bytearray(60_000_000); b[::4096] = bytes(len(b[::4096])); sum(range(2_000_000))"
    done = run([sys.executable, "-c", block])
    idle = run([sys.executable, "-c", ""])
    assert done.peak_mb > idle.peak_mb + 40
    assert idle.peak_mb < 40
    assert done.cpu_s > 0
    assert done.wall_s > 0


def test_a_program_that_fails_is_named_with_its_last_words() -> None:
    with pytest.raises(ProgramFailedError, match=r"(?s)code 3.*out of luck"):
        run([sys.executable, "-c", "print('out of luck'); raise SystemExit(3)"])


def test_a_watched_program_is_seen_while_it_runs(tmp_path: Path) -> None:
    go, seen = tmp_path / "go", list[float]()

    def watch(resident: float) -> None:
        seen.append(resident)
        go.touch()

    wait = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)"
    run([sys.executable, "-c", wait], watch)
    assert all(4 < resident < 1000 for resident in seen)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_process_that_started_nothing_has_no_memory_below_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert resident_mb(process.pid) is None
        assert (resident_mb(os.getpid()) or 0) > 0
        process.communicate(b"go on")
