"""Environments of their own for what is compared with: each holds one pinned package."""

import sys
import venv
from pathlib import Path

import platformdirs

from bench.processes import run


def environment_of(requirement: str, *more: str) -> Path:
    """The Python of an environment that holds a package, made on first use: what the project must not depend on.

    Args:
        requirement: Such as "pedpy==1.5.1"; names the environment.
        more: What the package needs besides.
    """
    home = _home(requirement)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    ready = home / "ready"
    if not ready.exists():
        print(f"installing {requirement} into {home} (once)")
        venv.create(home, with_pip=True, clear=True)
        run([python, "-m", "pip", "install", "--quiet", requirement, *more])
        ready.touch()
    return python


def is_made(requirement: str) -> bool:
    """Whether the environment that holds a package is there already."""
    return (_home(requirement) / "ready").exists()


def _home(requirement: str) -> Path:
    return Path(platformdirs.user_cache_dir("passerby")) / "bench" / requirement.replace("==", "-")
