"""Real small disks: a program run in a mount namespace of its own, where a folder is a tmpfs of some kilobytes, or read-only."""

import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")


@cache
def _can_mount() -> bool:
    probe = 'mount -t tmpfs -o size=100k tmpfs "$1" && touch "$1/probe"'
    try:
        return subprocess.run([*UNSHARE, "sh", "-c", probe, "sh", tempfile.gettempdir()], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def said_on_disk(folder: Path, options: str, module: str, *words: str) -> dict[str, Any]:
    """What a program of ours says in JSON that gets `folder`, on a tmpfs of those options, and `words`."""
    if not _can_mount():
        pytest.skip("no file system can be mounted here (needs unshare and user namespaces)")
    command = 'mount -t tmpfs -o "$2" tmpfs "$1" && shift 2 && exec "$@"'
    program = [sys.executable, "-m", module, str(folder), *words]
    done = subprocess.run([*UNSHARE, "sh", "-c", command, "sh", str(folder), options, *program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said
