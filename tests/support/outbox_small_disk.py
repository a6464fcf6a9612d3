"""What waits to be told on a small disk that is full when a day is due: `python -m tests.support.outbox_small_disk FOLDER`. Says how it went."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.hazards.channels.routing import Routing
from passerby.hazards.channels.waiting import Waiting
from passerby.site.durations import DAY_S
from tests.support.alerts import NOON
from tests.support.alerts_small_disk import fill
from tests.support.told import channel_table, opened, site_with

OLD, NEW = 1000, 20


def left(folder: Path, first: int, count: int) -> int:
    """Of how many alerts there is a trace in the files."""
    found = b"".join(path.read_bytes() for path in sorted(folder.glob("outbox*")))
    return sum(f"{number:016x}".encode() in found for number in range(first, first + count))


def main() -> None:
    disk = Path(sys.argv[1])
    site, folder, today = site_with(disk / "site", channel_table()), disk / "alerts", datetime.fromtimestamp(NOON, UTC).date()
    waiting = Waiting(folder, NOON - 2 * DAY_S)
    routing = Routing(waiting, SimulatedClock(NOON))
    with waiting.at_once():
        for number in range(OLD + NEW):
            routing.accept(site, opened(f"{number:016x}", wall_s=NOON - DAY_S if number < OLD else NOON))
    waiting.wipe()
    fill(disk / "ballast")
    said: dict[str, object] = {"before": [left(folder, 0, OLD), left(folder, OLD, NEW)], "refused": "", "room": (folder / "outbox.reserve").exists()}
    try:
        for number in range(100):
            routing.accept(site, opened(f"{number + 65536:016x}", wall_s=NOON))
    except OutputError as error:
        said["refused"] = error.message
    try:
        said["gone"] = waiting.forget_days(lambda day: day < today)
    except OutputError as error:
        said["gone"] = error.message
    said["after"] = [left(folder, 0, OLD), left(folder, OLD, NEW)]
    (disk / "ballast").unlink()
    waiting.forget_days(lambda day: day < today)
    reserve = folder / "outbox.reserve"
    said["reserve"] = [reserve.stat().st_size, reserve.stat().st_blocks * 512] if reserve.exists() else []
    waiting.close()
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
