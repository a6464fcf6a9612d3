"""Reads and decodes one open stream for as long as it lives, and counts."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import av
from av.codec.context import ThreadType
from av.container.input import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from passerby.clock import Clock
from passerby.errors import CaptureError
from passerby.released.messages import Reason
from passerby.sealed.capture.decoding import Damage, decoded
from passerby.sealed.capture.fault import reason_of
from passerby.sealed.capture.interrupt import Interrupt

_NO_PICTURE_S: Final = 30.0
"""Some cameras send a whole picture only every ten seconds. Packets that give none for longer give none at all."""
_REMEMBERED: Final = 64
"""Packets whose time of arrival is known: more than any decoder holds back."""
_EVERY_PACKET_WHOLE: Final = frozenset({"mjpeg"})
"""Codecs of which a packet can be left out without harm to the others."""
_NO_TIMES: Final = frozenset({"mpjpeg", "mjpeg", "h264", "hevc"})
"""Containers that say nothing of time: FFmpeg makes timestamps up, 25 a second."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a camera may take.

    Attributes:
        first_byte_s: From the beginning of an attempt until it is opened, and from there to the first video packet.
        stall_s: From one video packet to the next.
    """

    first_byte_s: float
    stall_s: float


@dataclass(slots=True)
class Counts:
    """What came from a camera over all its connections.

    Attributes:
        packet_bytes: Bytes of video packets.
        damage: Packets skipped and pictures guessed.
        decode_s: Processor time spent on decoding.
    """

    packet_bytes: int = 0
    damage: Damage = field(default_factory=Damage)
    decode_s: float = 0.0


class Shot(NamedTuple):
    """A decoded picture.

    Attributes:
        picture: It.
        timestamp_s: The camera's timestamp in seconds; None = none.
        arrived_s: When its packet came in, monotonic.
    """

    picture: VideoFrame
    timestamp_s: float | None
    arrived_s: float


class LiveStream:
    """The pictures of a stream of an open container, which is not closed here. The decoder works in the thread that asks.

    Args:
        container: Open.
        stream: One of its streams.
        clock: What time it is.
        counts: Where to count.
        wanted: Whether a picture that came in at this monotonic time will be used; those that will not are not decoded where that is possible.
    """

    def __init__(
        self, container: InputContainer, stream: VideoStream, clock: Clock, counts: Counts, wanted: Callable[[float], bool] | None = None
    ) -> None:
        context = stream.codec_context
        context.thread_type = ThreadType.NONE
        context.thread_count = 1
        self._container = container
        self._stream = stream
        self._clock = clock
        self._counts = counts
        self._wanted = wanted if context.codec.canonical_name in _EVERY_PACKET_WHOLE else None
        self._arrivals: dict[int, float] = {}
        self._tick_s = 0.0 if container.format.name in _NO_TIMES else float(stream.time_base or 0)

    def shots(self, patience: Patience, interrupt: Interrupt) -> Iterator[Shot]:
        """Yields the pictures. Does not end but by an error, or when `interrupt` is stopped.

        Raises:
            CaptureError: The stream ended, stalled, or gives nothing that can be decoded.
        """
        picture_by_s = self._clock.monotonic_s() + _NO_PICTURE_S
        for packet in self._packets(patience, interrupt):
            arrived_s = self._clock.monotonic_s()
            self._counts.packet_bytes += packet.size
            if self._wanted is not None and not self._wanted(arrived_s):
                picture_by_s = arrived_s + _NO_PICTURE_S
                continue
            if packet.pts is not None:
                self._remember(packet.pts, arrived_s)
            began_s = time.thread_time()
            pictures = list(decoded(self._stream, packet, self._counts.damage))
            self._counts.decode_s += time.thread_time() - began_s
            if pictures:
                picture_by_s = arrived_s + _NO_PICTURE_S
            elif arrived_s > picture_by_s:
                raise CaptureError(Reason.NO_VIDEO)
            while pictures:
                yield self._shot(pictures.pop(0), arrived_s)

    def _packets(self, patience: Patience, interrupt: Interrupt) -> "Iterator[av.Packet[VideoStream]]":
        """Yields the packets until `interrupt` is stopped."""
        packets = self._container.demux(self._stream)
        limit_s, late, fault = patience.first_byte_s, Reason.NO_FIRST_BYTE, None
        while fault is None and not interrupt.stopped:
            interrupt.allow(limit_s)
            packet = None
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError, IndexError) as error:
                fault = CaptureError(reason_of(error))
            # An interrupted read may still give the packet that FFmpeg held back until it saw the next one begin.
            if interrupt.expired:
                fault = CaptureError(late)
            elif packet is None or not packet.size:
                fault = fault or CaptureError(Reason.CLOSED)
            if packet is not None and packet.size and not interrupt.stopped:
                limit_s, late = patience.stall_s, Reason.STALLED
                yield packet
        if fault is not None and not interrupt.stopped:
            raise fault

    def _remember(self, pts: int, arrived_s: float) -> None:
        if len(self._arrivals) >= _REMEMBERED:
            del self._arrivals[next(iter(self._arrivals))]
        self._arrivals[pts] = arrived_s

    def _shot(self, picture: VideoFrame, now_s: float) -> Shot:
        stamp = picture.dts if picture.pts is None else picture.pts
        arrived_s = now_s if picture.pts is None else self._arrivals.pop(picture.pts, now_s)
        return Shot(picture, stamp * self._tick_s if stamp is not None and self._tick_s else None, arrived_s)
