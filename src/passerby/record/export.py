"""Recordings become an MP4: each recorded scene a frame, shown at the time at which it was captured, drawn by the one renderer (invariant I3).

That somebody exports is written down before the file is begun (invariant I7).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec

from passerby.clock import Clock
from passerby.errors import RecordingError
from passerby.record.playback import PlayedScene, play
from passerby.record.receipts import Act, Receipt, ReceiptSink
from passerby.released.render import Renderer
from passerby.released.scene import GateHealth, GateState, Scene
from passerby.released.show import Show
from passerby.released.video import Mp4Writer

TICKS_HZ: Final = 90_000
GAP_S: Final = 2.5
"""A scene is recorded each second at least. After this long without one the picture is not known: everything is withheld."""

Progress = Callable[[float], None]
"""Is told which part has been done, 0 to 1."""


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


def export(recordings: Path, order: ExportOrder, receipts: ReceiptSink, clock: Clock, progress: Progress = lambda _done: None) -> Exported:
    """Writes recordings as MP4.

    Raises:
        RecordingError: There is none of that time, or the picture's size changes.
        ReceiptError: The export could not be written down: nothing is written.
        OutputError: The file could not be written: nothing of it is left.
    """
    if not order.from_s < order.to_s:
        raise RecordingError("the end of an export is not after its beginning", "give --from and --to in this order")
    scenes = play(recordings, order.camera, order.from_s, order.to_s, lead_in=True)
    first = next(scenes, None)
    if first is None:
        raise RecordingError(f"there is no recording of '{order.camera}' in that time", "passerby recordings list")
    receipts.write(
        Receipt(
            kind=Act.EXPORTED, wall_s=clock.wall_s(), by=order.by, camera=order.camera, from_s=order.from_s, to_s=order.to_s, why=order.target.name
        )
    )
    size = first.scene.size
    film = _Film(order, Renderer(size, show=order.show, caption=order.caption))
    with Mp4Writer(order.target, size, Fraction(1, TICKS_HZ), overwrite=order.overwrite) as writer:
        film.add(writer, first)
        for played in scenes:
            if played.scene.size != size:
                when = datetime.fromtimestamp(played.captured_wall_s, UTC).isoformat(timespec="milliseconds")
                raise RecordingError(f"the size of the picture changes at {when}", f"export two files: --to {when}, and --from {when}")
            film.add(writer, played)
            progress(min(1.0, (played.captured_wall_s - order.from_s) / (order.to_s - order.from_s)))
        film.end(writer)
    return Exported(film.frames, film.gaps_s, first.captured_wall_s, film.last_s)


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
        self.gaps_s += at_s - self.last_s - 1.0
        self._draw(writer, _withheld(self._last), self.last_s + 1.0)

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
