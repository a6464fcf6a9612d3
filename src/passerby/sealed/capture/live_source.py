"""What a camera's pictures come from: an address on a network, or a file that stands for a camera."""

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Protocol

from av.codec.context import ThreadType
from av.codec.hwaccel import HWAccel
from av.container.input import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from passerby.clock import Clock
from passerby.errors import CaptureError, InputError
from passerby.released.messages import Reason
from passerby.sealed.capture.address import Address, reach
from passerby.sealed.capture.decoding import Decoding
from passerby.sealed.capture.fault import reason_of
from passerby.sealed.capture.interrupt import Interrupt
from passerby.sealed.capture.live_stream import Counts, LiveStream, Patience, Shot
from passerby.sealed.capture.network import open_camera
from passerby.sealed.capture.pacing import Pacer
from passerby.sealed.capture.source import LARGEST_PICTURE_PX, open_container, open_descriptor, refuse_encrypted, video_stream
from passerby.sealed.capture.timeline import Timeline

_HLS_STALL_S: Final = 20.0
"""A playlist grows by segments, often of six or ten seconds."""
_FAST: Final = frozenset({"hls", "mov", "matroska", "webm", "avi"})
"""Containers that come as fast as the network carries them, and not as life goes on."""
_STREAM_GAP_S: Final = 2.0
_FILE_GAP_S: Final = 60.0
_USUAL_RATE_HZ: Final = 25
_USUAL_TICK_S: Final = Fraction(1, 90_000)
_NAMELESS: Final = Path("camera")
"""Stands in errors, which go no further than this module, for an address."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a stream before its first picture.

    Attributes:
        codec: FFmpeg's name of the codec.
        hardware: A hardware decoder is set up for it.
        rate_hz: Pictures a second as the stream claims; 0 = it does not.
    """

    codec: str
    hardware: bool
    rate_hz: float


class LiveSource(Protocol):
    """Opens the same camera or file again and again."""

    def session(self, opened: Callable[[Opened], None]) -> Generator[Shot, None, None]:
        """Opens, says so, and yields pictures. Close the iterator: that closes the stream. Ends where a file ends.

        Raises:
            CaptureError: It could not be opened, or gives no more pictures.
        """
        ...


class CameraSource:
    """A camera on a network.

    Args:
        address: Where it is.
        transport: "tcp", "udp", or "auto": TCP, and UDP when the camera has not got that or nothing comes.
        patience: How long it may take.
        hardware: A device to decode with.
        clock: What time it is.
        interrupt: Ends what takes too long.
        counts: Where to count.
        wanted: As `LiveStream`.
    """

    def __init__(
        self,
        address: Address,
        transport: str,
        patience: Patience,
        hardware: HWAccel | None,
        clock: Clock,
        interrupt: Interrupt,
        counts: Counts,
        wanted: Callable[[float], bool] | None = None,
    ) -> None:
        self._address = address
        self._changes_transport = transport == "auto" and address.scheme in {"rtsp", "rtsps"}
        self._transport = "udp" if transport == "udp" else "tcp"
        self._patience = patience
        self._hardware = hardware
        self._clock = clock
        self._interrupt = interrupt
        self._counts = counts
        self._wanted = wanted
        self._reached = False
        self._proven = False

    @property
    def transport(self) -> str:
        """What RTSP comes over, at the next session: "tcp" or "udp"; "" for other schemes."""
        return self._transport if self._address.scheme in {"rtsp", "rtsps"} else ""

    def session(self, opened: Callable[[Opened], None]) -> Generator[Shot, None, None]:
        """As `LiveSource`."""
        self._reached, fault = False, None
        try:
            for shot in self._session(opened):
                self._proven = True
                yield shot
        except CaptureError as caught:
            fault = caught
        if fault is None:
            return
        if self._changes_transport and self._speaks_otherwise(fault):
            self._transport = "tcp" if self._transport == "udp" else "udp"
            self._proven = False
        raise fault

    def _speaks_otherwise(self, fault: CaptureError) -> bool:
        """Whether the other transport is worth an attempt. Not for a camera that is away: when it is back, no attempt shall be lost."""
        silent = self._reached and not self._proven and fault.reason in {Reason.NO_FIRST_BYTE, Reason.STALLED}
        return silent or fault.transport_refused

    def _session(self, opened: Callable[[Opened], None]) -> Iterator[Shot]:
        self._interrupt.allow(self._patience.first_byte_s)
        reach(self._address, self._interrupt)
        self._reached = True
        container = open_camera(self._address, self._transport, self._interrupt, self._hardware)
        try:
            stream = _video(container)
            opened(_opened(stream))
            kinds = set(container.format.name.split(","))
            live = LiveStream(container, stream, self._clock, self._counts, self._wanted)
            if kinds.isdisjoint(_FAST):
                yield from live.shots(self._patience, self._interrupt)
            else:
                patience = Patience(self._patience.first_byte_s, max(self._patience.stall_s, _HLS_STALL_S))
                yield from self._paced(live.shots(patience, self._interrupt))
        finally:
            self._interrupt.farewell()
            container.close()

    def _paced(self, shots: Iterator[Shot]) -> Iterator[Shot]:
        """The shots, each when it is due by its own clock."""
        pacer = Pacer(self._clock, self._interrupt, _STREAM_GAP_S)
        for shot in shots:
            if shot.timestamp_s is not None and not pacer.wait(shot.timestamp_s):
                return
            yield shot._replace(arrived_s=self._clock.monotonic_s())


class FileSource:
    """A file that stands for a camera: paced by its own clock, once or for ever.

    Args:
        path: The file.
        loop: It begins anew at its end.
        clock: What time it is.
        interrupt: Ends a wait.
        counts: Where to count.

    Attributes:
        transport: "": it comes over none.
    """

    transport: Final = ""

    def __init__(self, path: Path, *, loop: bool, clock: Clock, interrupt: Interrupt, counts: Counts) -> None:
        self._path = path
        self._loop = loop
        self._clock = clock
        self._interrupt = interrupt
        self._counts = counts

    def session(self, opened: Callable[[Opened], None]) -> Generator[Shot, None, None]:
        """As `LiveSource`. Timestamps go on over the rounds of a loop."""
        pacer = Pacer(self._clock, self._interrupt, _FILE_GAP_S)
        descriptor = self._descriptor()
        begin_s = 0.0
        try:
            while not self._interrupt.stopped:
                end_s = None
                for picture, time_s, step_s in self._round(descriptor, opened):
                    timestamp_s, end_s = begin_s + time_s, begin_s + time_s + step_s
                    if not pacer.wait(timestamp_s):
                        return
                    yield Shot(picture, timestamp_s, self._clock.monotonic_s())
                if end_s is None:
                    raise CaptureError(Reason.NO_VIDEO)
                if not self._loop:
                    return
                begin_s = end_s
        finally:
            os.close(descriptor)

    def _descriptor(self) -> int:
        try:
            return open_descriptor(self._path)
        except InputError as error:
            reason = Reason.DAMAGED if error.__cause__ is None else reason_of(error.__cause__)
        raise CaptureError(reason)

    def _round(self, descriptor: int, opened: Callable[[Opened], None]) -> Iterator[tuple[VideoFrame, float, float]]:
        """Yields the file's pictures with their times in seconds since its first one, and their usual distance."""
        container = self._container(descriptor)
        try:
            stream = _video(container)
            stream.codec_context.thread_type = ThreadType.NONE
            stream.codec_context.thread_count = 1
            found = _opened(stream)
            opened(found)
            tick_s = stream.time_base or _USUAL_TICK_S
            step_ticks = max(1, round(1 / (tick_s * Fraction(found.rate_hz or _USUAL_RATE_HZ))))
            timeline = Timeline(tick_s, step_ticks)
            decoding = Decoding(container, stream, self._inspect, self._counts.damage).pictures()
            began_s = time.thread_time()
            for picture in decoding:
                self._counts.decode_s += time.thread_time() - began_s
                placed = timeline.place(picture.dts if picture.pts is None else picture.pts)
                yield picture, float(placed * tick_s), float(step_ticks * tick_s)
                began_s = time.thread_time()
        except InputError:
            pass
        else:
            return
        finally:
            container.close()
        raise CaptureError(Reason.NO_VIDEO)

    def _container(self, descriptor: int) -> InputContainer:
        with suppress(InputError):  # its message names the file
            return open_container(descriptor, self._path)
        raise CaptureError(Reason.DAMAGED)

    def _inspect(self, packet: "Packet[VideoStream]") -> None:
        self._counts.packet_bytes += packet.size
        refuse_encrypted(packet, self._path)


def _video(container: InputContainer) -> VideoStream:
    """The stream to take.

    Raises:
        CaptureError: There is none that can be decoded.
    """
    reason = Reason.NO_VIDEO
    try:
        stream = video_stream(container, _NAMELESS)
        if stream.width * stream.height <= LARGEST_PICTURE_PX:
            return stream
        reason = Reason.TOO_LARGE
    except InputError:
        pass  # whatever it says, there is no video
    raise CaptureError(reason)


def _opened(stream: VideoStream) -> Opened:
    context = stream.codec_context
    return Opened(context.codec.canonical_name, context.is_hwaccel, float(stream.average_rate or stream.guessed_rate or 0))
