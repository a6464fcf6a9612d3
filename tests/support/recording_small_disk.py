"""Records on a disk of a few megabytes until it has been full many times: `python -m tests.support.recording_small_disk FOLDER FLOOR MINUTES`.

Says in JSON how it went. Simulated time, a real disk.
"""

import json
import random
import sys
from pathlib import Path

from passerby.errors import PasserbyError
from passerby.record.receipts import FileReceipts, read_receipts
from passerby.record.recorder import Recordings
from passerby.record.settings import RecordingSettings
from passerby.record.space import free_space
from passerby.record.verify import verify
from passerby.released.scene import Size
from tests.released.drawn_scenes import drawn_scene, patch_of, person, plate_of
from tests.support.recorded import DAY, NOON, SetClock, SetMachine, message_of

SIZE = Size(320, 240)


def main() -> None:
    folder, floor_bytes, minutes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    clock = SetClock()
    rng = random.Random(1)
    settings = RecordingSettings({"gate": 30 * DAY}, free_space_floor_bytes=floor_bytes, flush_s=4.0)
    receipts = FileReceipts(folder / "receipts.jsonl")
    recordings = Recordings(folder / "recordings", settings, clock, receipts, machine=SetMachine(clock))
    least_free, errors, wants = 10**12, [], True
    for number in range(minutes * 20):
        glyphs = tuple(person(rng.randrange(320), rng.randrange(240), rng.randrange(20, 60)) for _ in range(60))
        patches = (patch_of(plate_of(SIZE)),) if wants else ()
        scene = drawn_scene(SIZE, patches=patches, glyphs=glyphs, time_s=number * 3.0)
        try:
            wants = recordings.write(message_of(scene, clock, whole=wants))
            recordings.tick()
        except PasserbyError as error:
            errors.append(str(error))
        least_free = min(least_free, free_space(folder))
        clock.sleep(3.0)
    recordings.close()
    kept = sorted(path.name for path in folder.rglob("2*/*.mcap"))
    said = {
        "errors": len(errors),
        "foreign": sorted({error for error in errors if "disk is full" not in error}),
        "least_free": least_free,
        "kept": len(kept),
        "last": kept[-1] if kept else "",
        "expected_last": f"minute {int((clock.wall_s() - NOON) // 60) - 1}",
        "damaged": [checked.trouble for checked in verify(folder / "recordings") if checked.trouble],
        "deleted": sum(receipt.files or 0 for receipt in read_receipts(folder / "receipts.jsonl") if receipt.kind == "deleted"),
        "left": sorted(path.name for path in folder.rglob("*") if path.name.endswith((".tmp", ".open"))),
        "waiting": recordings.health().receipts_waiting,
        "dropped": recordings.health().dropped["gate"],
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
