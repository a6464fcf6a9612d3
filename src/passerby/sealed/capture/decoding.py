"""Decodes one stream of one open container from where it stands to the end, past whatever is damaged."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import av
from av.container.input import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

_MOST_FAILED_READS: Final = 64
"""A demuxer that fails this often in a row without giving a packet has lost its way."""
_MOST_TRIES: Final = 8


@dataclass(slots=True)
class Damage:
    """How much of a clip was damaged. Apart from the decoding, so that whoever counts does not keep a decoder and its pictures alive."""

    packets: int = 0


class Decoding:
    """Pictures of a stream in presentation order.

    A packet that cannot be read or decoded is skipped and counted in `damage`. A picture whose parts the decoder had to guess is given,
    and counted as well.

    Args:
        container: Where to read; not closed here.
        stream: One of its streams.
        inspect: Called with every packet before it is decoded; what it raises ends the decoding.
        damage: Where to count.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, inspect: "Callable[[av.Packet[VideoStream]], None]", damage: Damage) -> None:
        self._container = container
        self._stream = stream
        self._inspect = inspect
        self._damage = damage

    def pictures(self) -> Iterator[VideoFrame]:
        """Yields the pictures; never raises an error of FFmpeg's."""
        for packet in self._packets():
            yield from decoded(self._stream, packet, self._damage)
        yield from decoded(self._stream, None, self._damage)

    def _packets(self) -> "Iterator[av.Packet[VideoStream]]":
        failed = 0
        while failed < _MOST_FAILED_READS:
            try:
                for packet in self._container.demux(self._stream):
                    failed = 0
                    # Empty packets end PyAV's demuxing, but stand for "as before" within AVI files. A decoder would take them for the end.
                    if packet.size:
                        self._inspect(packet)
                        yield packet
            except IndexError:
                return  # PyAV at the end of a file in which streams appeared midway: it wants to empty decoders that it has not got
            except (av.FFmpegError, OSError):
                # The container stands behind the damage: demuxing anew goes on there.
                self._damage.packets += not failed
                failed += 1
            else:
                return


def decoded(stream: VideoStream, packet: "av.Packet[VideoStream] | None", damage: Damage) -> Iterator[VideoFrame]:
    """Yields the pictures that come out when a packet goes in; None empties the decoder. What cannot be decoded is counted."""
    for _ in range(_MOST_TRIES):
        try:
            pictures = stream.decode(packet)
        except av.BlockingIOError:
            continue  # pictures that an error left inside were in the way, and are dropped by trying again
        except av.EOFError:
            return
        except (av.FFmpegError, OSError):
            damage.packets += 1
            return
        for picture in pictures:
            damage.packets += bool(picture.is_corrupt)
            yield picture
        return
