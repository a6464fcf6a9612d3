"""Why a camera gives no pictures: every error of FFmpeg and the operating system as one of a few reasons, without its text.

FFmpeg's errors quote the address with its password, so no error leaves this room: what is known of it is its `Reason`.
"""

import errno
import socket
from typing import Final

import av

from passerby.errors import InputError
from passerby.released.messages import Reason

# Looked through in this order: the first class that fits decides.
_BY_CLASS: Final[tuple[tuple[type[BaseException], Reason], ...]] = (
    (av.HTTPUnauthorizedError, Reason.UNAUTHORISED),
    (av.HTTPForbiddenError, Reason.UNAUTHORISED),
    (av.HTTPTooManyRequestsError, Reason.REFUSED),
    (av.HTTPServerError, Reason.REFUSED),
    (av.HTTPClientError, Reason.NOT_FOUND),
    (av.DecoderNotFoundError, Reason.NO_VIDEO),
    (av.InvalidDataError, Reason.DAMAGED),
    (av.ArgumentError, Reason.DAMAGED),
    (av.ExitError, Reason.STALLED),
    (av.EOFError, Reason.CLOSED),
    (socket.gaierror, Reason.UNREACHABLE),
    (MemoryError, Reason.OUT_OF_MEMORY),
    (TimeoutError, Reason.NO_FIRST_BYTE),
    (ConnectionRefusedError, Reason.REFUSED),
    (ConnectionError, Reason.CLOSED),
    (FileNotFoundError, Reason.NOT_FOUND),
    (IsADirectoryError, Reason.NOT_FOUND),
    (PermissionError, Reason.FORBIDDEN),
    (InputError, Reason.DAMAGED),
)
_BY_NUMBER: Final = {
    errno.EHOSTUNREACH: Reason.UNREACHABLE,
    errno.ENETUNREACH: Reason.UNREACHABLE,
    errno.ENETDOWN: Reason.UNREACHABLE,
    errno.EADDRNOTAVAIL: Reason.UNREACHABLE,
    errno.EPROTONOSUPPORT: Reason.REFUSED,
    errno.ENOMEM: Reason.OUT_OF_MEMORY,
    errno.EIO: Reason.CLOSED,
}


def reason_of(error: BaseException) -> Reason:
    """What an error of FFmpeg, PyAV or the operating system stands for; `DAMAGED` if it is none that is known."""
    for kind, reason in _BY_CLASS:
        if isinstance(error, kind):
            return reason
    if isinstance(error, OSError | av.FFmpegError) and error.errno is not None:
        return _BY_NUMBER.get(error.errno, Reason.CLOSED if isinstance(error, OSError) else Reason.DAMAGED)
    return Reason.DAMAGED


def transport_refused(error: BaseException) -> bool:
    """Whether the camera answered that it has not got this transport (RTSP 461)."""
    return getattr(error, "errno", None) == errno.EPROTONOSUPPORT
