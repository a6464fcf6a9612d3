"""What a benchmark says: a table to read, and JSON to keep, both with the machine that it ran on."""

import contextlib
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

WIDE: Final = 200
PACKAGES: Final = ("passerby", "av", "numpy", "onnxruntime", "opencv-python-headless")


def machine() -> dict[str, Any]:
    """The machine: processor, cores that this process may use, system, versions, and the day."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
    """Prints a table: the first column to the left, numbers to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 3, 0, 0), header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    # A table in a log or a pipe must not be cut to 80 columns.
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(width=WIDE, highlight=False)
    console.print()
    console.print(table)
    if note:
        console.print(note, style="dim")


def keep(path: Path, results: Mapping[str, Any]) -> None:
    """Writes results and machine as JSON; NaN becomes null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_plain({"machine": machine(), **results}), indent=1) + "\n", encoding="utf-8")
    print(f"\nkept: {path}")


def keep_parts(path: Path, parts: Mapping[str, Any], **of_this_run: Any) -> None:
    """Writes the parts that were measured now beside those that were measured before and not now; each with its own machine, day and run.

    Args:
        path: The JSON.
        parts: What was measured, by part.
        of_this_run: What else holds of this run, such as its commit.
    """
    before: dict[str, Any] = {}
    if path.exists():
        with contextlib.suppress(ValueError, AttributeError):
            before = dict(json.loads(path.read_text(encoding="utf-8")).get("parts", {}))
    now = {name: {"machine": machine(), **of_this_run, "found": found} for name, found in parts.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_plain({"parts": {**before, **now}}), indent=1) + "\n", encoding="utf-8")
    print(f"\nkept: {path}")


def percent(share: float, digits: int = 2) -> str:
    """A share as per cent."""
    return "-" if math.isnan(share) else f"{100 * share:.{digits}f} %"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
