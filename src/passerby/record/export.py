"""Recordings become an MP4: each recorded scene a frame, shown at the time at which it was captured, drawn by the one renderer (invariant I3).

That somebody exports is written down before the file is begun (invariant I7).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec

from passerby.clock import Clock
from passerby.errors import RecordingError
from passerby.record.activity import GAP_S, HOLDS_S
from passerby.record.folder import FileName
from passerby.record.playback import PlayedScene, every_minute, play
from passerby.record.receipts import Act, Receipt, ReceiptSink
from passerby.released.render import Renderer
from passerby.released.scene import GateHealth, GateState, Scene, Size
from passerby.released.show import Show
from passerby.released.video import ByteSink, Mp4Stream, Mp4Writer

TICKS_HZ: Final = 90_000

TIME_BASE: Final = Fraction(1, TICKS_HZ)
Progress = Callable[[float], None]
"""Is told which part has been done, 0 to 1."""
MayShow = Callable[[FileName], bool]
"""Whether a minute may be shown."""


def nobody(_done: float) -> None:
    """Progress that nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds.

    Attributes:
        frames: Its frames.
        gaps_s: Time of which there is no recording: the picture says so by withholding everything.
        begin_s, end_s: Capture times of the first and the last scene.
    """

    frames: int
    gaps_s: float
    begin_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What is exported: a camera's [from_s, to_s) by the wall clock, by whom, to where, and how it is drawn."""

    camera: str
    from_s: float
    to_s: float
    by: str
    target: Path
    show: Show = Show.GLYPHS
    caption: bool = True
    overwrite: bool = False


def export(
    recordings: Path,
    order: ExportOrder,
    receipts: ReceiptSink,
    clock: Clock,
    progress: Progress = nobody,
    may_show: MayShow = every_minute,
) -> Exported:
    """Writes recordings as MP4.

    Args:
        recordings: The folder of all recordings.
        order: What is exported.
        receipts: Where that is written down first.
        clock: For the time of the receipt.
        progress: Is told which part has been done.
        may_show: Whether a minute may be shown; the others are left out, as time that was not recorded.

    Raises:
        RecordingError: There is none of that time, or the picture's size changes.
        ReceiptError: The export could not be written down: nothing is written.
        OutputError: The file could not be written: nothing of it is left.
    """
    first, scenes = _begun(recordings, order, may_show)
    receipts.write(receipt_of(order, clock))
    with Mp4Writer(order.target, first.scene.size, TIME_BASE, overwrite=order.overwrite) as writer:
        return _draw_all(writer, order, first, scenes, progress)


def export_stream(recordings: Path, order: ExportOrder, sink: ByteSink, progress: Progress = nobody, may_show: MayShow = every_minute) -> Exported:
    """Gives recordings out as a fragmented MP4, as they are drawn; no file is touched. Whoever asks for it has written it down before.

    Raises:
        RecordingError: There is none of that time, or the picture's size changes.
        OutputError: The sink takes no more.
    """
    first, scenes = _begun(recordings, order, may_show)
    with Mp4Stream(sink, order.target.name, first.scene.size, TIME_BASE) as writer:
        return _draw_all(writer, order, first, scenes, progress)


def check_export(recordings: Path, order: ExportOrder, may_show: MayShow = every_minute) -> None:
    """Looks whether there is something to export, and all of one size; draws nothing.

    Raises:
        RecordingError: As `export`.
    """
    scenes = play(recordings, order.camera, order.from_s, order.to_s, lead_in=True, may_show=may_show, pixels=False)
    size = None
    for played in scenes:
        size = size or played.scene.size
        _require_size(played, size)
    if size is None:
        raise _nothing(order)


def receipt_of(order: ExportOrder, clock: Clock) -> Receipt:
    """What is written down before an export."""
    return Receipt(
        kind=Act.EXPORTED, wall_s=clock.wall_s(), by=order.by, camera=order.camera, from_s=order.from_s, to_s=order.to_s, why=order.target.name
    )


def _begun(recordings: Path, order: ExportOrder, may_show: MayShow) -> tuple[PlayedScene, Iterator[PlayedScene]]:
    """The first scene, and the others."""
    if not order.from_s < order.to_s:
        raise RecordingError("the end of an export is not after its beginning", "give --from and --to in this order")
    scenes = play(recordings, order.camera, order.from_s, order.to_s, lead_in=True, may_show=may_show)
    first = next(scenes, None)
    if first is None:
        raise _nothing(order)
    return first, scenes


def _draw_all(writer: Mp4Writer, order: ExportOrder, first: PlayedScene, scenes: Iterator[PlayedScene], progress: Progress) -> Exported:
    size = first.scene.size
    film = _Film(order, Renderer(size, show=order.show, caption=order.caption))
    film.add(writer, first)
    for played in scenes:
        _require_size(played, size)
        film.add(writer, played)
        progress(min(1.0, (played.captured_wall_s - order.from_s) / (order.to_s - order.from_s)))
    film.end(writer)
    return Exported(film.frames, film.gaps_s, first.captured_wall_s, film.last_s)


def _nothing(order: ExportOrder) -> RecordingError:
    return RecordingError(f"there is no recording of '{order.camera}' in that time", "passerby recordings list")


def _require_size(played: PlayedScene, size: Size) -> None:
    if played.scene.size != size:
        when = datetime.fromtimestamp(played.captured_wall_s, UTC).isoformat(timespec="milliseconds")
        raise RecordingError(f"the size of the picture changes at {when}", f"export two files: --to {when}, and --from {when}")


class _Film:
    """Frames on their way into a file. Time is the capture time, in ticks since the beginning; it only goes on, also where a clock was set back."""

    def __init__(self, order: ExportOrder, renderer: Renderer) -> None:
        self._order, self._renderer = order, renderer
        self.frames = 0
        self.gaps_s = 0.0
        self.last_s = order.from_s
        self._ticks = -1
        self._back_s = 0.0
        self._last: Scene | None = None

    def add(self, writer: Mp4Writer, played: PlayedScene) -> None:
        """A scene; before it, what is shown of a gap."""
        at_s = played.captured_wall_s
        if self._last is None and at_s > self._order.from_s:
            self.gaps_s += at_s - self._order.from_s
            self._draw(writer, _withheld(played.scene), self._order.from_s)
        self._gap_before(writer, at_s)
        if at_s < self.last_s:
            self._back_s += self.last_s - at_s
        self._draw(writer, played.scene, at_s)
        self.last_s, self._last = at_s, played.scene

    def end(self, writer: Mp4Writer) -> None:
        """What is shown of a gap at the end."""
        self._gap_before(writer, self._order.to_s)

    def _gap_before(self, writer: Mp4Writer, at_s: float) -> None:
        if self._last is None or at_s - self.last_s <= GAP_S:
            return
        self.gaps_s += at_s - self.last_s - HOLDS_S
        self._draw(writer, _withheld(self._last), self.last_s + HOLDS_S)

    def _draw(self, writer: Mp4Writer, scene: Scene, at_s: float) -> None:
        ticks = max(self._ticks + 1, round((at_s + self._back_s - self._order.from_s) * TICKS_HZ))
        writer.write(self._renderer.render(scene), ticks)
        self._ticks = ticks
        self.frames += 1


def _withheld(scene: Scene) -> Scene:
    """A scene of which nothing is shown: what was recorded before it says nothing of now."""
    return msgspec.structs.replace(
        scene,
        shown=bytes(len(scene.shown)),
        patches=(),
        glyphs=(),
        cells=(),
        health=GateHealth(GateState.SETTLING, 1.0, 0.0, scene.health.never_share),
    )
