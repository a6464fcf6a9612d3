"""Runs `tries` in processes of its own: closed in, or open to show that what is refused there would succeed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

TRIES: Final = Path(__file__).with_name("tries.py")
LIMIT_S: Final = 60.0
ORDINARY_USER: Final = 65534
"""Of whom no file and no process is. Used where tests run as root."""


@dataclass(frozen=True)
class Told:
    """What a process told.

    Attributes:
        protections: Whether each holds, and its word.
        results: What each attempt came to.
        capabilities: The effective ones, in hexadecimal.
        locked: Memory that is locked, as the kernel says it.
        code: Exit code; negative = the signal that ended it.
    """

    protections: dict[str, list[Any]]
    results: dict[str, str]
    capabilities: str
    locked: str
    code: int = 0


def tell(
    *,
    closed: bool = True,
    tries: dict[str, list[str]] | None = None,
    cwd: Path | None = None,
    pass_on: int | None = None,
    prefix: tuple[str, ...] = (),
    **wishes: Any,
) -> Told:
    """What a process told that closed itself in (or did not) and tried this and that.

    Args:
        closed: Whether it closes itself in.
        tries: Attempts of `tries`, and their arguments. A second word makes a name another one.
        cwd: Where it runs.
        pass_on: A file that it has open from the start.
        prefix: What starts it.
        wishes: See `tries.main`.
    """
    given = json.dumps({"closed": closed, "tries": tries or {}, **wishes}) + "\n"
    command = [*prefix, sys.executable, "-I", str(TRIES)]
    passed = () if pass_on is None else (pass_on,)
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=LIMIT_S, check=False, cwd=cwd, env=quiet_environment(), pass_fds=passed
    )
    assert done.stdout, done.stderr
    return Told(**json.loads(done.stdout), code=done.returncode)


@contextmanager
def staying(*, closed: bool = True, **wishes: Any) -> Iterator[tuple[int, Told]]:
    """A process that stays until it is left: its number and what it told."""
    command = [sys.executable, "-I", str(TRIES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=quiet_environment()) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"closed": closed, "stay": True, **wishes}) + "\n")
        process.stdin.flush()
        try:
            yield process.pid, Told(**json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()


def quiet_environment() -> dict[str, str]:
    """An environment in which numpy starts no threads when it is imported."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
