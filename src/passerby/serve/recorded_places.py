"""What answers questions about recordings: what there is and when much happened, who looks, what is exported."""

import threading
from typing import Final

from passerby.record.activity import Activity
from passerby.serve.archive import DAY_S, EARLIEST_S, Archive
from passerby.serve.exports import Exports
from passerby.serve.recording_answers import (
    BinAnswer,
    OffsetAnswer,
    RecordedCameraAnswer,
    RecordingsAnswer,
    RunAnswer,
    TimelineAnswer,
)
from passerby.serve.viewings import Viewings
from passerby.site.times import offsets_between

MOST_BINS: Final = 1500
BIN_MINUTES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440)
OTHERS_OFFSETS_S: Final = 2 * DAY_S
"""The zone is told for so long before and after: days begin before what is asked for."""


class RecordedPlaces:
    """What answers questions about recordings.

    Args:
        archive: The recordings.
        viewings: Who looks.
        exports: What is exported.
    """

    def __init__(self, archive: Archive, viewings: Viewings | None = None, exports: Exports | None = None) -> None:
        self.archive = archive
        self.viewings = Viewings(archive) if viewings is None else viewings
        self.exports = Exports(archive) if exports is None else exports
        self._kept = archive.kept()
        self._activity = Activity(self._kept)
        self._lock = threading.Lock()

    def tick(self) -> None:
        """Ends what is over. To be called about once a second."""
        self.viewings.tick()
        self.exports.tick()

    def stop(self) -> None:
        """Ends everything."""
        self.viewings.stop()
        self.exports.stop()

    def all(self) -> RecordingsAnswer:
        """Cameras and the ends of their recordings."""
        facts = self.archive.facts()
        cameras = []
        for camera in self.archive.cameras():
            with self._lock:
                ends, retention_s = self._activity.ends(camera), self._kept.limit_s(camera)
            first_s, last_s = ends or (None, None)
            cameras.append(
                RecordedCameraAnswer(id=camera, name=facts.names.get(camera, camera), retention_s=retention_s, first_s=first_s, last_s=last_s)
            )
        return RecordingsAnswer(zone=facts.zone_name, now_s=self.archive.clock.wall_s(), cameras=cameras)

    def timeline(self, camera: str, from_s: float, to_s: float) -> TimelineAnswer:
        """What there is of a camera in a time."""
        facts = self.archive.facts()
        bin_s = next((60 * minutes for minutes in BIN_MINUTES if (to_s - from_s) / (60 * minutes) <= MOST_BINS), 60 * BIN_MINUTES[-1])
        with self._lock:
            line, ends, retention_s = self._activity.line(camera, from_s, to_s, bin_s), self._activity.ends(camera), self._kept.limit_s(camera)
        first_s, last_s = ends or (None, None)
        offsets = offsets_between(facts.zone, max(EARLIEST_S, from_s - OTHERS_OFFSETS_S), to_s + OTHERS_OFFSETS_S)
        return TimelineAnswer(
            camera=camera,
            name=facts.names.get(camera, camera),
            zone=facts.zone_name,
            offsets=[OffsetAnswer(from_s=at_s, offset_s=offset_s) for at_s, offset_s in offsets],
            now_s=self.archive.clock.wall_s(),
            from_s=from_s,
            to_s=to_s,
            first_s=first_s,
            last_s=last_s,
            retention_s=retention_s,
            bin_s=line.bin_s,
            bins=[BinAnswer(from_s=one.from_s, scenes=one.scenes, recorded_s=round(one.recorded_s, 1)) for one in line.bins],
            runs=[RunAnswer(from_s=round(run.from_s, 3), to_s=round(run.to_s, 3)) for run in line.runs],
        )
