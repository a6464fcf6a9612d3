"""What waits to be told on a small disk when a day is due: `python -m tests.support.outbox_small_disk FOLDER WHEN`. Says how it went.

WHEN it is full: `running`, or `starting` a site that ended before; or has only `little` room.
"""

import json
import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.hazards.channels.routing import Routing
from passerby.hazards.channels.waiting import Waiting
from passerby.site.durations import DAY_S
from passerby.site.settings import Site
from tests.support.alerts import NOON
from tests.support.alerts_small_disk import fill
from tests.support.told import channel_table, opened, site_with

OLD, NEW = 1000, 20
LITTLE_BYTES = 1_000_000
"""Less than what is kept with so many new ones more."""
MANY = 2000


def left(folder: Path, first: int, count: int) -> int:
    """Of how many alerts there is a trace in the files."""
    found = b"".join(path.read_bytes() for path in sorted(folder.glob("outbox*")))
    return sum(f"{number:016x}".encode() in found for number in range(first, first + count))


def running(disk: Path, waiting: Waiting, routing: Routing, site: Site) -> dict[str, object]:
    """Nobody has emptied the log beside the file when the disk is full."""
    folder = disk / "alerts"
    fill(disk / "ballast")
    said: dict[str, object] = {"before": [left(folder, 0, OLD), left(folder, OLD, NEW)], "refused": "", "room": (folder / "outbox.reserve").exists()}
    try:
        for number in range(1000):
            routing.accept(site, opened(f"{number + 65536:016x}", wall_s=NOON))
    except OutputError as error:
        said["refused"] = error.message
    said["gone"] = forget(waiting)
    said["after"] = [left(folder, 0, OLD), left(folder, OLD, NEW)]
    (disk / "ballast").unlink()
    waiting.forget_days(is_due)
    reserve = folder / "outbox.reserve"
    said["reserve"] = [reserve.stat().st_size, reserve.stat().st_blocks * 512] if reserve.exists() else []
    waiting.close()
    return said


def starting(disk: Path, waiting: Waiting, routing: Routing, site: Site) -> dict[str, object]:
    folder = disk / "alerts"
    waiting.close()
    fill(disk / "ballast")
    try:
        Waiting(folder, NOON, mend=False).close()
    except OutputError as error:
        looked = error.message
    else:
        looked = ""
    again = Waiting(folder, NOON)
    known = again.known(f"{OLD:016x}") is not None
    said: dict[str, object] = {"looked": looked, "known": known, "gone": forget(again), "after": [left(folder, 0, OLD), left(folder, OLD, NEW)]}
    again.close()
    return said


def little(disk: Path, waiting: Waiting, routing: Routing, site: Site) -> dict[str, object]:
    """Room to delete, and not to write what is kept anew."""
    folder = disk / "alerts"
    with waiting.at_once():
        for number in range(MANY):
            routing.accept(site, opened(f"{number + 65536:016x}", wall_s=NOON))
    waiting.wipe()
    (disk / "ballast").write_bytes(b"x" * (shutil.disk_usage(disk).free - LITTLE_BYTES))
    free = [shutil.disk_usage(disk).free]
    gone = forget(waiting)
    free.append(shutil.disk_usage(disk).free)
    made = (folder / "outbox.reserve").stat().st_mtime_ns
    again = forget(waiting)
    free.append(shutil.disk_usage(disk).free)
    said: dict[str, object] = {
        "free": free,
        "gone": gone,
        "again": again,
        "reserve": (folder / "outbox.reserve").stat().st_mtime_ns == made,
        "known": waiting.known(f"{OLD - 1:016x}") is not None,
    }
    (disk / "ballast").unlink()
    said |= {"room": forget(waiting), "after": [left(folder, 0, OLD), left(folder, OLD, NEW)]}
    waiting.close()
    return said


def is_due(day: date) -> bool:
    return day < datetime.fromtimestamp(NOON, UTC).date()


def forget(waiting: Waiting) -> int | str:
    """How many rows; or why not."""
    try:
        return waiting.forget_days(is_due)
    except OutputError as error:
        return error.message


def main() -> None:
    disk, when = Path(sys.argv[1]), {"running": running, "starting": starting, "little": little}[sys.argv[2]]
    site, waiting = site_with(disk / "site", channel_table()), Waiting(disk / "alerts", NOON - 2 * DAY_S)
    routing = Routing(waiting, SimulatedClock(NOON))
    with waiting.at_once():
        for number in range(OLD + NEW):
            routing.accept(site, opened(f"{number:016x}", wall_s=NOON - DAY_S if number < OLD else NOON))
    sys.stdout.write(json.dumps(when(disk, waiting, routing, site)) + "\n")


if __name__ == "__main__":
    main()
