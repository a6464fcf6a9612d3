"""What a start does to the folder before anything is recorded. Files of cameras: `camera_recorder.CameraRecorder.recover`."""

import errno
import os
from pathlib import Path

from passerby.released.durable import TEMPORARY, sync_folder


def tidy(recordings: Path) -> None:
    """Removes what was never complete, and shows that the folder can be written.

    Raises:
        OSError: It cannot.
    """
    if not os.access(recordings, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(recordings))
    for path in (*recordings.glob("*" + TEMPORARY), *recordings.glob("cameras/*/*" + TEMPORARY)):
        path.unlink(missing_ok=True)
    sync_folder(recordings)
