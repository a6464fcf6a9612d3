"""Which minutes are due. Ages are those of `ages`, so a clock that steps makes nothing due and puts nothing off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from passerby.record.ages import Ages
from passerby.record.camera_recorder import LATE_S, CameraRecorder
from passerby.record.deleting import Deleter
from passerby.record.folder import MINUTE_S, FileName
from passerby.record.holds import Holds
from passerby.record.promises import Promises

RETENTION: Final = "retention"
LONGEST_UNDER_WAY_S: Final = MINUTE_S + 2 * LATE_S
"""A minute under way is closed by then, unless it cannot be."""


@dataclass
class KeptCamera:
    """A camera of which there are recordings, recorded now or not, and what was promised of them."""

    recorder: CameraRecorder
    promises: Promises


def due_names(camera: KeptCamera, ages: Ages) -> list[FileName]:
    """The minutes that are due: those whose first moment is as old as was promised, so that no scene gets older.

    The minute under way is due as well once it should have been closed for long: a disk that takes no write keeps nothing longer.
    """

    def is_due(name: FileName) -> bool:
        least_s = LONGEST_UNDER_WAY_S if name == camera.recorder.current else 0.0
        return ages.age_s(name.begin) >= max(camera.promises.limit_s(name.begin), least_s)

    return list(camera.recorder.shelf.while_due(is_due))


def sweep(cameras: Mapping[str, KeptCamera], ages: Ages, holds: Holds, deleter: Deleter) -> None:
    """Deletes what is due and not held, and the plates of which nothing is left."""
    ages.notice()
    deleter.failed = 0
    for name, camera in cameras.items():
        due = [minute for minute in due_names(camera, ages) if not holds.keep(name, minute)]
        if camera.recorder.current in due:
            camera.recorder.abandon()
        deleter.delete(camera.recorder, due, RETENTION)
        deleter.delete_plates(camera.recorder)
