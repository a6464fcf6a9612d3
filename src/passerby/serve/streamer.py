"""The process that streams one camera: scenes in over standard input, MPEG-TS, fragmented MP4 and JPEGs out over standard output.

Its time is constant: it gives `RATE_HZ` pictures a second whatever comes in, first those that it missed. While no scene shows how the place is
now, the hatch goes out. It sees released scenes only (invariant I3), and ends with its standard input.
"""

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import cv2
import msgspec

from passerby.errors import SceneError
from passerby.released.fmp4 import Sample, init_segment, media_segment
from passerby.released.framing import framed, read_framed
from passerby.released.mpeg_ts import TICKS_HZ, TsMuxer
from passerby.released.render import Picture
from passerby.released.scene import Size
from passerby.released.streamed_picture import NO_PICTURE, StreamedPicture
from passerby.released.video_stream import StreamEncoder
from passerby.released.withheld_picture import WithheldPicture
from passerby.serve.streamer_orders import (
    RATE_HZ,
    SEGMENT_PICTURES,
    Answer,
    Begin,
    Hide,
    InitSegment,
    Jpeg,
    MediaSegment,
    Order,
    PlateLost,
    Show,
    TransportChunk,
    Void,
    Voided,
    Want,
)

JPEG_QUALITY: Final = 82
PICTURE_TICKS: Final = TICKS_HZ // RATE_HZ
MOST_CAUGHT_UP: Final = 60 * RATE_HZ
"""Pictures that were missed and are given late; beyond, the time jumps."""
LATE: Final = RATE_HZ // 2
"""Pictures that are given so much later than they were due were missed."""
JPEG_EVERY: Final = RATE_HZ
"""A JPEG that did not change comes again after so many pictures: readers see that the stream lives."""
ORDERS_WAITING: Final = 4


class Streamer:
    """Follows orders, and gives what is due.

    Args:
        begin: The first order.
    """

    def __init__(self, begin: Begin) -> None:
        self._origin_s = begin.origin_s
        self._shown = StreamedPicture(begin.stale_s, begin.size)
        self._next = begin.first
        self._key_at = begin.key_at
        self._want = begin.want
        self._transport = TsMuxer()
        self._encoder: StreamEncoder | None = None
        self._samples: list[Sample] = []
        self._video_next = begin.first
        self._jpeg: tuple[int, Picture, bytes] | None = None

    @property
    def next_due_s(self) -> float:
        """When the next picture is due, by the clock of the origin."""
        return self._origin_s + self._next / RATE_HZ

    def obey(self, order: Order) -> Iterator[Answer]:
        """Does what is ordered."""
        match order:
            case Show():
                if not self._shown.show(order.scene, order.captured_monotonic_s, anew=order.anew):
                    yield PlateLost()
            case Hide():
                self._shown.hide()
            case Void():
                self._void()
                yield Voided(order.orders)
            case Want():
                self._want = order
                if not order.video:
                    self._encoder, self._samples = None, []
            case Begin():
                pass

    def due(self, now_s: float) -> Iterator[Answer]:
        """All pictures that are due now and were not given yet."""
        newest = int((now_s - self._origin_s) * RATE_HZ)
        if newest - self._next > MOST_CAUGHT_UP:
            self._next = newest
        while self._next <= newest:
            number, self._next = self._next, self._next + 1
            # What was missed for longer is withheld: the newest scene is not what was there then.
            picture = self._shown.picture(now_s) if newest - number < LATE else self._shown.missed()
            if self._want.video:
                yield from self._video(number, picture)
            if self._want.jpeg and number == newest:
                yield from self._jpegs(number, picture)

    def _void(self) -> None:
        """Nothing that goes out from now on shows, or needs, what went before."""
        self._shown.hide()
        self._samples, self._jpeg = [], None
        # Where a process before gave more than this one has made up for, readers begin later still.
        self._key_at = max(self._key_at, self._next)

    def _video(self, number: int, picture: Picture) -> Iterator[Answer]:
        if number != self._video_next:
            self._samples = []
        begins = number % SEGMENT_PICTURES == 0
        if self._encoder is None and not begins:
            # The stream begins with a whole segment: its pictures are those that were due just before.
            first = max(number - number % SEGMENT_PICTURES, self._video_next)
            if first % SEGMENT_PICTURES:
                return
            for earlier in range(first, number):
                yield from self._encoded(earlier, picture)
        yield from self._encoded(number, picture)

    def _encoded(self, number: int, picture: Picture) -> Iterator[Answer]:
        self._video_next = number + 1
        size = Size(picture.shape[1], picture.shape[0])
        if self._encoder is None or (self._encoder.size != size and number % SEGMENT_PICTURES == 0):
            self._encoder = StreamEncoder(size, RATE_HZ)
            yield InitSegment(init_segment(self._encoder.parameter_sets, self._encoder.encoded_size))
        encoder = self._encoder
        key = number % SEGMENT_PICTURES == 0 or number == self._key_at
        if encoder.size != size:
            # Another size comes with the next segment. The picture before is void already.
            picture = WithheldPicture(encoder.size).picture(NO_PICTURE, "pictures of another size come")
        unit = encoder.picture(picture, key=key)
        units = (*encoder.parameter_sets, *unit.units) if unit.key else unit.units
        if number == self._key_at:
            self._transport = TsMuxer()  # what readers get begins here, and says that it does
        ticks = number * PICTURE_TICKS
        yield TransportChunk(number, unit.key, self._transport.picture(units, ticks, key=unit.key))
        self._samples.append(Sample(unit.units, unit.key))
        if (number + 1) % SEGMENT_PICTURES == 0:
            samples, self._samples = self._samples, []
            first = number + 1 - SEGMENT_PICTURES
            if len(samples) == SEGMENT_PICTURES:
                yield MediaSegment(first, media_segment(first // SEGMENT_PICTURES, first * PICTURE_TICKS, PICTURE_TICKS, samples))

    def _jpegs(self, number: int, picture: Picture) -> Iterator[Answer]:
        if self._jpeg is None or self._jpeg[1] is not picture:
            done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            if not done:
                return
            self._jpeg = number, picture, jpeg.tobytes()
        elif number - self._jpeg[0] < JPEG_EVERY:
            return
        else:
            self._jpeg = (number, *self._jpeg[1:])
        yield Jpeg(number, self._jpeg[2])


def stream(orders: BinaryIO, answers: BinaryIO, now_s: Callable[[], float]) -> None:
    """Follows orders until they end.

    Raises:
        SceneError: The first order is none that begins.
    """
    waiting: queue.Queue[Order | None] = queue.Queue(ORDERS_WAITING)
    threading.Thread(target=_read, args=(orders, waiting), daemon=True).start()
    begin = waiting.get()
    if not isinstance(begin, Begin):
        raise SceneError("the first order must be to begin")
    streamer = Streamer(begin)
    while True:
        try:
            order = waiting.get(timeout=max(0.0, streamer.next_due_s - now_s()))
        except queue.Empty:
            found = streamer.due(now_s())
        else:
            if order is None:
                return
            found = streamer.obey(order)
        answers.writelines(framed(msgspec.msgpack.encode(answer)) for answer in found)
        answers.flush()


def _read(orders: BinaryIO, waiting: "queue.Queue[Order | None]") -> None:
    """Passes orders on; None = they ended, or are none that can be read."""
    with contextlib.suppress(SceneError, msgspec.MsgspecError, OSError):
        while (data := read_framed(orders)) is not None:
            waiting.put(msgspec.msgpack.decode(data, type=Order))
    waiting.put(None)


def main() -> None:
    """Runs as a process."""
    # Ctrl-C in a terminal reaches all processes of its group: this one ends when its supervisor closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    with contextlib.suppress(BrokenPipeError, OSError), os.fdopen(os.dup(1), "wb") as answers:
        # Nothing but answers goes out, whatever a library prints.
        os.dup2(2, 1)
        stream(sys.stdin.buffer, answers, time.monotonic)


if __name__ == "__main__":
    main()
