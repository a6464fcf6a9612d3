"""Opens recordings on a disk that cannot be written: `python -m tests.support.recording_read_only FOLDER`. Says in JSON what the error is."""

import json
import sys
from pathlib import Path

from passerby.errors import PasserbyError
from passerby.record.recorder import Recordings
from passerby.record.settings import RecordingSettings
from tests.support.recorded import DAY, KeptReceipts, SetClock


def main() -> None:
    error = ""
    try:
        Recordings(Path(sys.argv[1]), RecordingSettings({"gate": DAY}), SetClock(), KeptReceipts())
    except PasserbyError as caught:
        error = f"{type(caught).__name__}: {caught}"
    sys.stdout.write(json.dumps({"error": error}) + "\n")


if __name__ == "__main__":
    main()
