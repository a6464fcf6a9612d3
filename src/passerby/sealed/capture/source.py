"""Opens a file for FFmpeg so that nothing but this file can be read, finds its video stream, and says in plain words why it cannot be read.

A clip is data from anybody. So FFmpeg gets no path but bytes, through `FileWindow`; it may use no protocol, so that nothing inside the file
can make it open another file or a connection; and only containers that hold pictures themselves are accepted: no playlists (HLS, DASH,
concat), no picture sequences, no session descriptions, no devices, no text that FFmpeg would draw as a picture.
"""

import errno
import os
import stat
from pathlib import Path
from typing import Final

import av
from av.codec.context import ThreadType
from av.container.input import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from passerby.errors import InputError

# Demuxers that read one file. The last row holds sound only; it is here so that such files get an answer that fits.
_CONTAINERS: Final = (
    "mov mp4 matroska webm avi mpegts mpeg gif flv asf ogg mxf nut ivf 3gp "
    "h261 h263 h264 hevc vvc obu av1 m4v mpegvideo mjpeg mpjpeg vc1 dirac yuv4mpegpipe apng dv dhav wtv rm nsv gxf "
    "mp3 wav flac aac"
)
LARGEST_PICTURE_PX: Final = 8192 * 4352
"""A header may claim any size, and memory for it is taken before a picture is decoded. 8K fits, upright too."""
_READ_BYTES: Final = 256 * 1024
_MOST_DECODER_THREADS: Final = 4
"""Each decoder thread holds a picture of its own: 12 MB at 3840x2160."""
_THREADED: Final = frozenset({"h264", "vp8", "vp9", "av1", "mpeg1video", "mpeg2video", "mpeg4", "mjpeg", "prores", "dnxhd", "ffv1"})
"""Codecs whose decoders may use threads. Those of HEVC and VVC wait for ever on some damaged streams (FFmpeg 8, found by fuzzing)."""
_GENERATE_TIMESTAMPS: Final = 1
"""AVFMT_FLAG_GENPTS of FFmpeg."""
_HINT: Final = "give a video file such as MP4, MKV, MOV, AVI, WebM, TS or GIF"


class FileWindow:
    """A regular file for FFmpeg to read, from a descriptor that is shared and a position that is not."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.name = name
        self._descriptor = descriptor
        self._position = 0

    def read(self, size: int) -> bytes:
        """At most `size` bytes from the position on; none at the end."""
        data = os.pread(self._descriptor, size, self._position)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """The new position; negative, as FFmpeg wants its errors, for a place before the file."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence)
        if start is None:
            start = os.fstat(self._descriptor).st_size
        if start + offset < 0:
            return -errno.EINVAL
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position


def open_descriptor(path: Path) -> int:
    """A descriptor for reading a regular, non-empty file.

    Raises:
        InputError: It is missing, a folder, empty, or not to be read.
    """
    try:
        # Non-blocking: opening a named pipe must not wait for somebody to write.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file", "check the path") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder, a video file was expected", "name a file in it") from error
    except PermissionError as error:
        raise InputError(f"{path}: may not be read by this user", "change the file's permissions, or run as a user who may read it") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be opened: {_reason(error)}", "check the path") from error
    try:
        _require_regular(os.fstat(descriptor), path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _require_regular(found: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"{path}: is a folder, a video file was expected", "name a file in it")
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path}: is a device or a pipe, a video file was expected", "copy the stream into a file first: it is read twice")
    if found.st_size == 0:
        raise InputError(f"{path}: is empty, a video was expected", "copy the file again")


def open_container(descriptor: int, path: Path) -> InputContainer:
    """The file opened by FFmpeg. The caller closes it; the descriptor stays open.

    Raises:
        InputError: It is no video container that is read here.
    """
    options = {"protocol_whitelist": "none", "format_whitelist": _CONTAINERS.replace(" ", ","), "max_pixels": str(LARGEST_PICTURE_PX)}
    try:
        container = av.open(FileWindow(descriptor, path.name), "r", options=options, metadata_errors="replace", buffer_size=_READ_BYTES)
    except av.ArgumentError as error:
        raise InputError(
            f"{path}: is no video: FFmpeg sees a playlist, a picture, a text or another file that holds no video itself", _HINT
        ) from error
    except av.InvalidDataError as error:
        raise InputError(f"{path}: is no video, or its header is damaged: FFmpeg finds no container in it", _HINT) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a video: {_reason(error)}", _HINT) from error
    # PyAV asks FFmpeg to make up missing presentation times from decoding times, which goes wrong where pictures are reordered (H.264 in AVI).
    container.flags &= ~_GENERATE_TIMESTAMPS
    return container


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream to take: of those with a decoder the one with the most pixels, then the one marked as default, then the first.

    Cover pictures and thumbnails are no video. The stream's decoder is set up to use few threads and to refuse giant pictures.

    Raises:
        InputError: There is none, none can be decoded, or it is encrypted.
    """
    no_video = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [stream for stream in container.streams.video if not stream.disposition & no_video]
    if not streams:
        found = "only sound" if container.streams.audio else "no picture"
        if container.streams.video:
            found += " and a cover picture"
        raise InputError(f"{path}: holds {found}, a video stream was expected", _HINT)
    # PyAV's types do not say so, but a stream without a decoder has no codec context.
    decodable = [stream for stream in streams if getattr(stream, "codec_context", None) is not None]
    if any(_is_marked_encrypted(stream) for stream in streams):
        raise _encrypted(path)
    if not decodable:
        raise InputError(f"{path}: its video codec is not supported by this build of FFmpeg", "convert the clip, for instance to H.264")
    best = max(decodable, key=lambda stream: (stream.width * stream.height, bool(stream.disposition & Disposition.default), -stream.index))
    context = best.codec_context
    context.thread_type = ThreadType.AUTO
    context.thread_count = min(_MOST_DECODER_THREADS, _processors()) if context.codec.canonical_name in _THREADED else 1
    context.options = {**context.options, "max_pixels": str(LARGEST_PICTURE_PX)}
    return best


def refuse_encrypted(packet: "av.Packet[VideoStream]", path: Path) -> None:
    """Looks at a packet for signs of encryption (Common Encryption, ISO/IEC 23001-7).

    Raises:
        InputError: It is encrypted.
    """
    if packet.has_sidedata("encryption_info") or packet.has_sidedata("encryption_init_info"):
        raise _encrypted(path)


def _is_marked_encrypted(stream: VideoStream) -> bool:
    """WebM names a key in its metadata (WebM encryption, 4.1); in MP4 the sample entry may be left as `encv` (ISO/IEC 14496-12, 8.12)."""
    if "enc_key_id" in stream.metadata:
        return True
    try:
        return stream.codec_tag == "encv"
    except (UnicodeDecodeError, AttributeError):
        return False


def _encrypted(path: Path) -> InputError:
    return InputError(
        f"{path}: is encrypted, a video in the clear was expected",
        "export it from the recorder without encryption or digital rights management",
    )


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _reason(error: Exception) -> str:
    """The reason alone, in one line: FFmpeg's and the system's messages repeat the file's name."""
    return str(getattr(error, "strerror", None) or error).splitlines()[0]
