"""Writes the scenes of one camera: the minute under way, and the plate file that it refers to.

A scene is written if anything that can be seen in it differs from the scene written before, and in any case when media time shows another second.
What was left out was rendered as what stands before it, bit by bit: the renderer's caption changes with these seconds only.
"""

import contextlib
from pathlib import Path
from typing import Final

from passerby.record.ages import Ages, Moment
from passerby.record.closing import finish, plate_channel, scene_channel
from passerby.record.folder import CLOSED, MINUTE_S, OPEN, CameraFolder, FileName, Stock, minute_of
from passerby.record.mcap_file import Channel, Entry, GrowingFile
from passerby.record.plate_file import KnownBlocks, encode_patch
from passerby.record.scene_json import PlateRef, encode_line
from passerby.record.shelf import Shelf
from passerby.released.durable import make_folder
from passerby.released.messages import SceneMessage
from passerby.released.scene import PlatePatch, Scene

BACK_S: Final = 5.0
"""A wall clock that is set back by less stays in its minute."""
LATE_S: Final = 2.0
"""Scenes come so much later than they were captured, at most, as a rule."""
DAY_S: Final = 86400.0
SUPERSEDED_S: Final = 3600.0
MOST_PENDING_BYTES: Final = 32 * 1024 * 1024
"""What cannot be written is kept so far, then given up."""
MOST_PLATES_A_MINUTE: Final = 16
"""So often a plate may be new within a minute, all blocks taken together."""
MOST_MINUTE_BYTES: Final = 64 * 1024 * 1024
"""JSON of a minute. A worker that says more is out of order, and is not listened to until the minute is over."""
_NS: Final = 1_000_000_000


class CameraRecorder:
    """Records one camera.

    Attributes:
        shelf: The minutes there are, the one under way among them.
        plates: The plate files there are.
        unfinished: Files under way that could not be closed yet.
        dropped: Scenes that could not be recorded.
        span_s: How long recordings are kept: a plate file that holds pixels no longer shown is not written for longer.

    Args:
        folder: Where.
        ages: Time.
        segments: The minutes that the folder holds.
        plates: Its plate files.
    """

    def __init__(self, folder: CameraFolder, ages: Ages, segments: Stock, plates: Stock) -> None:
        self.folder = folder
        self.shelf, self.plates = Shelf(segments.names), Shelf(plates.names)
        self.unfinished = [(name, True) for name in sorted(plates.under_way)] + [(name, False) for name in sorted(segments.under_way)]
        self._half_written = [*segments.half_written, *plates.half_written]
        self.dropped = 0
        self._ages = ages
        self._scenes, self._patches = scene_channel(folder.camera), plate_channel(folder.camera)
        self.span_s = SUPERSEDED_S
        # Cameras that were started together need not send their plates together.
        self._longest_s = DAY_S * (0.8 + 0.2 * (sum(folder.camera.encode()) % 16) / 16)
        self._segment: tuple[FileName, GrowingFile] | None = None
        self._counted_minute = (-1, -1)
        self._minute_bytes = self._minute_pixels = 0
        self._plate: tuple[FileName, GrowingFile] | None = None
        self._plate_begun: Moment | None = None
        self._blocks: KnownBlocks | None = None
        self._epoch = -1
        self._whole = False
        self._last: Scene | None = None
        self._written: tuple[object, ...] | None = None

    @property
    def current(self) -> FileName | None:
        """The minute under way."""
        return self._segment[0] if self._segment else None

    @property
    def current_plate(self) -> FileName | None:
        """The plate file under way."""
        return self._plate[0] if self._plate else None

    @property
    def wants_plate(self) -> bool:
        """Whether the next scene has to bring the whole plate."""
        return self._last is not None and (not self._whole or self._plate_is_due())

    def write(self, message: SceneMessage, captured: Moment) -> None:
        """Takes a scene, captured at a moment of the recorder's own clock.

        Raises:
            OSError: A file could not be begun or ended. The scene is not recorded; it may be given again.
        """
        scene = message.scene
        self._follow_plate(message)
        self._turn_minute(captured)
        fresh = self._blocks.new_patches(scene.patches) if self._blocks is not None else []
        seen = _seen(message)
        self._last = scene
        if not fresh and seen == self._written and self._segment is not None:
            return
        if not self._fits_in_minute(captured, scene, fresh):
            self.dropped += 1
            return
        try:
            segment = self._begun_segment(captured)
            ref = self._add_patches(fresh, segment[0], captured)
        except OSError:
            self.abandon()
            raise
        line = encode_line(scene, message.connection, ref)
        segment[1].add(Entry(_log_ns(captured), line))
        self._minute_bytes += len(line)
        self._written = seen

    def flush(self) -> None:
        """Brings everything to the disk: patches first, for scenes refer to them.

        Raises:
            OSError: It could not be written. It is kept for the next time, unless it has grown too large.
        """
        try:
            self._flush_files()
        except OSError:
            pending = sum(one[1].pending_bytes for one in (self._plate, self._segment) if one is not None)
            if pending > MOST_PENDING_BYTES:
                self.abandon()
            raise

    def close_if_over(self, now: Moment) -> None:
        """Closes the minute under way if it is over, and no scene of it can be on its way any more.

        Raises:
            OSError: As `close_segment`.
        """
        name = self.current
        if name is not None and (name.era != now.era or now.wall_s >= (name.minute + 1) * MINUTE_S + LATE_S):
            self.close_segment()

    def close_segment(self) -> None:
        """Ends the minute under way: all of it is on the disk. If it cannot be closed as yet, `finish_rest` will.

        Raises:
            OSError: Its last scenes could not be written; it is still under way.
        """
        if self._segment is None:
            return
        self.flush()
        (name, file), self._segment, self._written = self._segment, None, None
        file.close()
        self.unfinished.append((name, False))
        with contextlib.suppress(OSError):
            self.finish_rest()

    def close_plate(self) -> None:
        """Ends the plate file under way; the next patch begins another. If it cannot be closed as yet, `finish_rest` will.

        Raises:
            OSError: Its last patches could not be written; it is still under way.
        """
        self.flush()
        plate, self._plate, self._blocks, self._epoch, self._whole = self._plate, None, None, -1, False
        if plate is not None:
            plate[1].close()
            self.unfinished.append((plate[0], True))
            with contextlib.suppress(OSError):
                self.finish_rest()

    def finish_rest(self, *, recovered: bool = False) -> int:
        """Closes files under way that could not be closed yet; how many were.

        Raises:
            OSError: One cannot be closed still.
        """
        done = 0
        while self.unfinished:
            name, plate = self.unfinished[0]
            path = self.folder.plate(name, OPEN) if plate else self.folder.segment(name, OPEN)
            if path.exists():
                finish(path, self._patches if plate else self._scenes, recovered=recovered)
                closed = path.with_name(name.text + CLOSED)
                if not closed.exists():
                    (self.plates if plate else self.shelf).remove(name)
            self.unfinished.pop(0)
            done += 1
        return done

    def recover(self) -> int:
        """Removes what an earlier process left half written and closes what it left under way; how many files.

        Raises:
            OSError: One cannot be closed; `finish_rest` tries again.
        """
        for path in self._half_written:
            path.unlink(missing_ok=True)
        self._half_written.clear()
        return self.finish_rest(recovered=True)

    def close(self) -> None:
        """Closes everything.

        Raises:
            OSError: Something could not be closed; it is recovered at the next start.
        """
        try:
            self.close_segment()
            self.close_plate()
        except OSError:
            self.abandon()
            raise
        self.finish_rest()

    def abandon(self) -> None:
        """Ends everything as it is, what cannot be written is lost. The next scene begins anew, and the whole plate is asked for."""
        with contextlib.suppress(OSError):
            self._flush_files()
        for held, plate in ((self._segment, False), (self._plate, True)):
            if held is not None:
                held[1].close()
                self.unfinished.append((held[0], plate))
        self._segment = self._plate = self._blocks = self._written = None
        self._whole = False
        self._epoch = -1

    def drop_plate(self) -> None:
        """Lets go of the plate file under way, which is about to be deleted: all minutes that refer to it are gone."""
        if self._plate is not None:
            self._plate[1].close()
        self._plate = self._blocks = self._written = None
        self._whole = False
        self._epoch = -1

    def _follow_plate(self, message: SceneMessage) -> None:
        """Begins anew where the gate did: it dropped its plate, its pictures have another size, it is another gate; or where the file has its age."""
        scene, last = message.scene, self._last
        fits = self._blocks is not None and self._blocks.fits(scene) and last is not None and scene.time_s >= last.time_s
        if fits and scene.plate_epoch == self._epoch and not (message.whole_plate and self._plate_is_due()):
            self._whole |= message.whole_plate
            return
        # A gate that was seen to drop its plate sends all of the next one without being asked.
        dropped = fits and scene.plate_epoch > self._epoch
        self.close_plate()
        self._whole = message.whole_plate or dropped
        self._blocks, self._epoch = KnownBlocks(scene.size, scene.block_px), scene.plate_epoch

    def _flush_files(self) -> None:
        if self._plate is not None:
            self._plate[1].flush()
        if self._segment is not None:
            self._segment[1].flush()

    def _fits_in_minute(self, captured: Moment, scene: Scene, fresh: list[PlatePatch]) -> bool:
        """Whether a scene is not too much for its minute. After too many patches the plate is not known any more, and begins anew."""
        minute = captured.era, minute_of(captured.wall_s)
        if minute != self._counted_minute:
            self._counted_minute, self._minute_bytes, self._minute_pixels = minute, 0, 0
        self._minute_pixels += sum(patch.width_px * patch.height_px for patch in fresh)
        if self._minute_pixels > MOST_PLATES_A_MINUTE * scene.size.width_px * scene.size.height_px:
            self.abandon()
            return False
        return self._minute_bytes <= MOST_MINUTE_BYTES

    def _plate_is_due(self) -> bool:
        if self._plate_begun is None or self._plate is None or self._blocks is None:
            return False
        return self._ages.age_s(self._plate_begun) >= (min(SUPERSEDED_S, self.span_s) if self._blocks.superseded else self._longest_s)

    def _turn_minute(self, captured: Moment) -> None:
        name = self.current
        if name is None:
            return
        begin_s = name.minute * MINUTE_S
        if name.era != captured.era or not begin_s - BACK_S <= captured.wall_s < begin_s + MINUTE_S:
            self.close_segment()

    def _begun_segment(self, captured: Moment) -> tuple[FileName, GrowingFile]:
        if self._segment is None:
            name = _free_name(self.shelf, captured)
            self._segment = name, self._begun(self.folder.segment(name, OPEN), name, self._scenes)
            self.shelf.add(name)
        return self._segment

    def _add_patches(self, fresh: list[PlatePatch], segment: FileName, captured: Moment) -> PlateRef | None:
        if fresh and self._plate is None:
            name = _free_name(self.plates, segment.begin)
            self._plate = name, self._begun(self.folder.plate(name, OPEN), name, self._patches)
            self.plates.add(name)
            self._plate_begun = captured
        if self._plate is None:
            return None
        plate, file = self._plate
        for patch in fresh:
            file.add(Entry(_log_ns(captured), encode_patch(patch)))
        return PlateRef(plate.text, file.count)

    def _begun(self, path: Path, name: FileName, channel: Channel) -> GrowingFile:
        make_folder(path.parent)
        return GrowingFile(path, channel, {"camera": self.folder.camera, "era": str(name.era)})


def _log_ns(moment: Moment) -> int:
    return max(0, round(moment.wall_s * _NS))


def _seen(message: SceneMessage) -> tuple[object, ...]:
    """All of a scene that shows, and the second of media time in which the caption may change."""
    scene = message.scene
    return (
        message.connection,
        int(scene.time_s),
        scene.size,
        scene.level,
        scene.plate_epoch,
        scene.block_px,
        scene.shown,
        scene.light,
        scene.glyphs,
        scene.cell_px,
        scene.cells,
        scene.health.state,
        scene.health.at_home,
    )


def _free_name(shelf: Shelf, moment: Moment) -> FileName:
    """The first name of a moment's minute that is not taken."""
    minute, number = minute_of(moment.wall_s), 0
    while shelf.has(name := FileName(moment.era, minute, number)):
        number += 1
    return name
