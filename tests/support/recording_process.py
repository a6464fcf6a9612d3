"""A process that records until it is killed: `python -m tests.support.recording_process FOLDER FIRST ROUND`.

Simulated time runs as fast as it can: two scenes a second of two cameras, their plates changing now and then. Scene `n` is captured n / 2 s after
NOON. After each flush it says the number of the last scene that is on the disk, in a line.
"""

import sys
from pathlib import Path

from passerby.errors import OutputError
from passerby.record.receipts import FileReceipts
from passerby.record.recorder import Recordings
from passerby.record.settings import RecordingSettings
from tests.released.drawn_scenes import drawn_scene, person
from tests.support.recorded import DAY, NOON, SIZE, SetClock, SetMachine, changed_block, message_of, plain_patches

CAMERAS = ("gate", "hall")
STEP_S = 0.5


def main() -> None:
    folder, first, boot = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    clock = SetClock(NOON + first * STEP_S)
    settings = RecordingSettings(dict.fromkeys(CAMERAS, 30 * DAY), free_space_floor_bytes=0, flush_s=2.0)
    recordings = Recordings(
        folder / "recordings", settings, clock, FileReceipts(folder / "receipts.jsonl"), machine=SetMachine(clock, boot), free=lambda _folder: 10**9
    )
    number = first
    while True:
        for camera in CAMERAS:
            patches = plain_patches() if number == first else (changed_block(number),) if number % 7 == 0 else ()
            glyphs = (person(4 + number % 30, 20 + number % 9, 20),)
            scene = drawn_scene(SIZE, patches=patches, glyphs=glyphs, time_s=number * STEP_S)
            recordings.write(message_of(scene, clock, camera=camera, whole=number == first))
        try:
            recordings.tick()
        except OutputError as error:
            sys.exit(f"tick failed: {error}")
        if number > first and recordings._flushed_s == recordings._machine.running_s():
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
        clock.sleep(STEP_S)
        number += 1


if __name__ == "__main__":
    main()
