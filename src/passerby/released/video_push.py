"""Sends a stream of released pictures to an RTSP server (RFC 2326: ANNOUNCE, RECORD), over TCP. Nothing is encoded anew."""

import errno
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

import av

from passerby.errors import OutputError
from passerby.released.authorities import system_authorities

PROBE_BYTES: Final = 5_000_000
PROBE_US: Final = 400_000


class PushEnd(StrEnum):
    """Why a stream is not sent any more. No text of the server's or of FFmpeg's is told: it may quote the address."""

    REFUSED = "the server refuses the connection"
    UNREACHABLE = "the server cannot be reached"
    UNAUTHORISED = "the server refuses the user or the password"
    UNTRUSTED = "the server's certificate is not one that this machine trusts for that name"
    NOT_ACCEPTED = "the server does not take the stream"
    CLOSED = "the connection ended"


class ChunkReader(Protocol):
    """A file that can be read, and no more."""

    def read(self, count: int, /) -> bytes:
        """At most so many bytes; b"" = there are no more."""
        ...


def push(transport: ChunkReader, address: str, begun: Callable[[], object], *, verify: bool = False) -> None:
    """Sends MPEG-TS with one H.264 stream until it ends.

    Args:
        transport: The stream, from a key frame on.
        address: rtsp:// or rtsps://, with user and password.
        begun: Is called once the server takes it.
        verify: Whether a server of rtsps:// has to show a certificate for its name that the system trusts.

    Raises:
        OutputError: It is not sent any more; its message is one of `PushEnd`.
    """
    is_begun = False
    options = {"rtsp_transport": "tcp"}
    if verify:
        file = system_authorities()
        options |= {"tls_verify": "1", **({"ca_file": file} if file else {})}
    try:
        with av.open(transport, "r", format="mpegts", options={"probesize": str(PROBE_BYTES), "analyzeduration": str(PROBE_US)}) as source:
            video = source.streams.video[0]
            with av.open(address, "w", format="rtsp", options=options) as sink:
                sent = sink.add_stream_from_template(video)
                sink.start_encoding()
                is_begun = True
                begun()
                for packet in source.demux(video):
                    if packet.dts is not None:
                        packet.stream = sent
                        sink.mux_one(packet)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise OutputError(_why(error, is_begun=is_begun, verify=verify).value) from error


def _why(error: Exception, *, is_begun: bool, verify: bool) -> PushEnd:
    if isinstance(error, av.HTTPUnauthorizedError | av.HTTPForbiddenError):
        return PushEnd.UNAUTHORISED
    if is_begun:
        return PushEnd.CLOSED
    if verify and getattr(error, "errno", None) == errno.EIO:
        return PushEnd.UNTRUSTED  # FFmpeg says no more than that the handshake failed
    if isinstance(error, ConnectionRefusedError):
        return PushEnd.REFUSED
    if isinstance(error, TimeoutError | OSError) and not isinstance(error, av.HTTPError | av.InvalidDataError):
        return PushEnd.UNREACHABLE
    return PushEnd.NOT_ACCEPTED
