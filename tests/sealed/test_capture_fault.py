import errno
import socket

import av
import pytest
from av.error import FFmpegError

from passerby.errors import CaptureError, InputError
from passerby.released.messages import Reason
from passerby.sealed.capture.fault import reason_of, transport_refused

ADDRESS = "rtsp://user:sesame@10.0.0.7/stream"


def ffmpeg_error(kind: type[FFmpegError], number: int = 1) -> FFmpegError:
    return kind(number, "Server returned something", ADDRESS)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (av.HTTPUnauthorizedError, Reason.UNAUTHORISED),
        (av.HTTPForbiddenError, Reason.UNAUTHORISED),
        (av.HTTPNotFoundError, Reason.NOT_FOUND),
        (av.HTTPBadRequestError, Reason.NOT_FOUND),
        (av.HTTPServerError, Reason.REFUSED),
        (av.InvalidDataError, Reason.DAMAGED),
        (av.DecoderNotFoundError, Reason.NO_VIDEO),
        (av.EOFError, Reason.CLOSED),
        (av.ConnectionRefusedError, Reason.REFUSED),
        (av.ConnectionResetError, Reason.CLOSED),
        (av.BrokenPipeError, Reason.CLOSED),
        (av.TimeoutError, Reason.NO_FIRST_BYTE),
        (av.PermissionError, Reason.FORBIDDEN),
        (av.FileNotFoundError, Reason.NOT_FOUND),
        (av.MemoryError, Reason.OUT_OF_MEMORY),
    ],
)
def test_an_error_of_ffmpeg_is_the_reason_that_it_stands_for(kind: type[FFmpegError], reason: Reason) -> None:
    assert reason_of(ffmpeg_error(kind)) is reason


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ECONNREFUSED, Reason.REFUSED),
        (errno.EHOSTUNREACH, Reason.UNREACHABLE),
        (errno.ENETUNREACH, Reason.UNREACHABLE),
        (errno.ETIMEDOUT, Reason.NO_FIRST_BYTE),
        (errno.EACCES, Reason.FORBIDDEN),
        (errno.EPERM, Reason.FORBIDDEN),
        (errno.ECONNRESET, Reason.CLOSED),
        (errno.ENOMEM, Reason.OUT_OF_MEMORY),
        (errno.EPROTONOSUPPORT, Reason.REFUSED),
        (errno.EXDEV, Reason.CLOSED),
    ],
)
def test_an_error_of_the_system_is_the_reason_that_it_stands_for(number: int, reason: Reason) -> None:
    assert reason_of(OSError(number, "")) is reason


def test_other_errors_have_a_reason_too() -> None:
    assert reason_of(socket.gaierror(-2, "")) is Reason.UNREACHABLE
    assert reason_of(MemoryError()) is Reason.OUT_OF_MEMORY
    assert reason_of(InputError("x")) is Reason.DAMAGED
    assert reason_of(ZeroDivisionError()) is Reason.DAMAGED


@pytest.mark.parametrize("kind", sorted(set(av.error.classes.values()), key=str))
def test_every_error_that_ffmpeg_has_gets_a_reason(kind: type[FFmpegError]) -> None:
    assert reason_of(ffmpeg_error(kind)) in set(Reason) - {Reason.NONE, Reason.NOT_YET, Reason.CRASHED}


def test_only_the_answer_461_means_that_the_transport_is_not_there() -> None:
    assert transport_refused(OSError(errno.EPROTONOSUPPORT, ""))
    assert not transport_refused(OSError(errno.ECONNREFUSED, ""))
    assert not transport_refused(ValueError())


def test_a_capture_error_says_its_reason_and_nothing_else() -> None:
    assert str(CaptureError(Reason.STALLED)) == Reason.STALLED.value
