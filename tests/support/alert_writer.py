"""Opens alerts, updates, ends and closes them, as fast as it can, until it is killed: `python -m tests.support.alert_writer FOLDER SEED`.

Says each event as JSON on a line of its own once it may be told, as a channel would be told of it.
"""

import random
import sys
from pathlib import Path

import msgspec

from passerby.clock import SystemClock
from passerby.hazards.alert import Cause, What
from passerby.hazards.alert_log import AlertLog
from passerby.supervise.alert_desk import AlertDesk
from tests.support.alerts import NOON, opens, says
from tests.support.journals import KeptJournal


def main() -> None:
    folder, rng = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    desk = AlertDesk(AlertLog(folder), SystemClock(), KeptJournal())
    desk.restore()
    desk.to_tell()  # what was told before, or not
    names = {standing.cause: standing.alert for standing in desk.standing()}
    second = rng.randrange(1_000_000)
    while True:
        second += 1
        cause = Cause("crowd", "gate", f"z{rng.randrange(6)}")
        name = names.get(cause)
        if name is None:
            name = names[cause] = f"{rng.randrange(1 << 64):016x}"
            desk.take([opens(second, name, cause)])
        else:
            what = rng.choice([What.UPDATED, What.ENDED, What.RETURNED, What.CLOSED])
            desk.take([says(what, second, name, value=2.5 + rng.random() if what is not What.ENDED else None)])
            if what is What.CLOSED:
                del names[cause]
            elif rng.random() < 0.3:
                desk.act(name, rng.choice([What.ACKNOWLEDGED, What.COMMENTED]), "anna", f"seen at {NOON + second:.0f}")
        desk.flush()
        for event in desk.to_tell():
            sys.stdout.buffer.write(msgspec.json.encode(event) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
