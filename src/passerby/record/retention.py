"""Which minutes are due. Ages are those of `ages`, so a clock that steps makes nothing due and puts nothing off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from passerby.record.ages import Ages
from passerby.record.camera_recorder import CameraRecorder
from passerby.record.deleting import Deleter
from passerby.record.folder import FileName
from passerby.record.holds import Holds
from passerby.record.promises import Promises

RETENTION: Final = "retention"


@dataclass
class KeptCamera:
    """A camera of which there are recordings, recorded now or not, and what was promised of them."""

    recorder: CameraRecorder
    promises: Promises


def due_names(camera: KeptCamera, ages: Ages) -> list[FileName]:
    """The minutes that are due: those whose first moment is as old as was promised, so that no scene gets older. Not the one under way."""

    def is_due(name: FileName) -> bool:
        return ages.age_s(name.begin) >= camera.promises.limit_s(name.begin)

    return [name for name in camera.recorder.shelf.while_due(is_due) if name != camera.recorder.current]


def sweep(cameras: Mapping[str, KeptCamera], ages: Ages, holds: Holds, deleter: Deleter) -> None:
    """Deletes what is due and not held, and the plates of which nothing is left."""
    ages.notice()
    deleter.failed = 0
    for name, camera in cameras.items():
        deleter.delete(camera.recorder, [minute for minute in due_names(camera, ages) if not holds.keep(name, minute)], RETENTION)
        deleter.delete_plates(camera.recorder)
