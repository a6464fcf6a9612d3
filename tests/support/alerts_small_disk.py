"""Alerts on a disk of some kilobytes that fills up and is given room again: `python -m tests.support.alerts_small_disk FOLDER`. Says how it went."""

import json
import sys
from pathlib import Path

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.hazards.alert import Cause, What
from passerby.hazards.alert_log import AlertLog
from passerby.hazards.kept_alert import alerts_of
from passerby.supervise.alert_desk import AlertDesk
from tests.support.alerts import ALERT, NOON, opens
from tests.support.journals import KeptJournal


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (65536, 1024, 64, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def main() -> None:
    folder, clock, journal = Path(sys.argv[1]), SimulatedClock(NOON), KeptJournal()
    log = AlertLog(folder / "alerts")
    desk = AlertDesk(log, clock, journal)
    desk.take([opens()])
    first = desk.flush()
    told = len(desk.to_tell())
    fill(folder / "ballast")
    causes = [Cause("crowd", "gate", f"z{number}") for number in range(200)]
    desk.take([opens(number, f"{number + 4096:016x}", cause) for number, cause in enumerate(causes)])
    full = desk.flush()
    at_once, refused = len(desk.to_tell()), ""
    try:
        desk.act(ALERT, What.ACKNOWLEDGED, "anna")
    except OutputError as error:
        refused = error.message
    shown = len(desk.open())
    clock.sleep(6)
    late = [event.alert for event in desk.to_tell()]
    said = {"first": first, "told": told, "full": full, "at_once": at_once, "refused": refused, "shown": shown, "late": len(set(late))}
    said |= {"failing": desk.failing, "waiting": desk.waiting, "on_disk": [len(log.events(day)) for day in log.days()]}
    (folder / "ballast").unlink()
    clock.sleep(60)
    after = desk.flush()
    acknowledged = desk.act(ALERT, What.ACKNOWLEDGED, "anna").acknowledged_by
    again = [event.what.value for event in desk.to_tell()]
    kept = [alert for day in log.days() for alert in alerts_of(log.events(day))]
    said |= {"after": after, "acknowledged": acknowledged, "again": again, "kept": len(kept), "lost": desk.lost, "failing_after": desk.failing}
    said |= {"journal": [event for _, event, _ in journal.events]}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
