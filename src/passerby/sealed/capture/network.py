"""Opens a camera's address with FFmpeg, so that nothing but video comes in and nothing about the address goes out.

FFmpeg may use only the protocols that belong to the address's scheme: a camera cannot send it to a file. Only containers that carry live video are
accepted. Sound is not asked for. FFmpeg's own log lines, which quote addresses, are switched off. Certificates are verified where that is wanted.
"""

import errno
from collections.abc import Mapping
from typing import Final

import av
import av.logging
from av.codec.hwaccel import HWAccel
from av.container.input import InputContainer

from passerby.errors import CaptureError
from passerby.released.authorities import system_authorities
from passerby.released.messages import Reason
from passerby.sealed.capture.address import Address, Trust
from passerby.sealed.capture.fault import reason_of, transport_refused
from passerby.sealed.capture.interrupt import Interrupt
from passerby.sealed.capture.source import LARGEST_PICTURE_PX

_PROTOCOLS: Final = {
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsps,rtsp,rtp,srtp,udp,tcp,tls",
    "http": "http,https,tcp,tls,crypto",
    "https": "https,tcp,tls,crypto",
}
# FFmpeg's look at a stream before it gives a picture is kept short: the decoder learns all it needs by itself.
_OPTIONS: Final = {"max_pixels": str(LARGEST_PICTURE_PX), "fpsprobesize": "0"}
_RTSP_OPTIONS: Final = {"allowed_media_types": "video", "analyzeduration": "1", "buffer_size": str(2 * 1024 * 1024)}
_HTTP_OPTIONS: Final = {
    "format_whitelist": "mpegts,mpjpeg,mjpeg,hls,mov,matroska,flv,h264,hevc",
    "probesize": "2000000",
    "analyzeduration": "1000000",
    # Cameras are near. What the environment names as a proxy is not told their passwords.
    "http_proxy": "",
}
_PYAV_LIMIT_S: Final = 60.0
"""PyAV asks our interrupt only where it has a limit of its own. It would hold should the interrupt fail."""


def silence_ffmpeg() -> None:
    """FFmpeg writes no log lines: neither to standard error nor to Python's logging. So it is unless somebody switched them on."""
    av.logging.set_level(None)


def open_camera(address: Address, transport: str, interrupt: Interrupt, hardware: HWAccel | None) -> InputContainer:
    """The camera, opened; the caller closes it. Within `interrupt.watching`.

    Args:
        address: Where it is, and whose certificate it must show.
        transport: "tcp" or "udp", for RTSP.
        interrupt: Ends it.
        hardware: A device to decode with.

    Raises:
        CaptureError: It cannot be opened.
    """
    silence_ffmpeg()
    rtsp = address.scheme.startswith("rtsp")
    options = {**_OPTIONS, "protocol_whitelist": _PROTOCOLS[address.scheme], **(_RTSP_OPTIONS if rtsp else _HTTP_OPTIONS)}
    if rtsp:
        options["rtsp_transport"] = transport
    if address.trust.verify:
        options |= _verified(address.trust, options)
    fault = None
    try:
        return av.open(
            address.url, "r", format="rtsp" if rtsp else None, options=options, timeout=_PYAV_LIMIT_S, metadata_errors="replace", hwaccel=hardware
        )
    except (av.FFmpegError, OSError, ValueError, RuntimeError, MemoryError) as error:
        reason = Reason.NO_FIRST_BYTE if interrupt.expired else reason_of(error)
        if address.trust.verify and reason is Reason.CLOSED and getattr(error, "errno", None) == errno.EIO:
            reason = Reason.UNTRUSTED  # FFmpeg says no more than that the handshake failed
        fault = CaptureError(reason, transport_refused=transport_refused(error))
    raise fault


def _verified(trust: Trust, options: Mapping[str, str]) -> dict[str, str]:
    """Options with which FFmpeg takes no other certificate, whatever the address leads to."""
    # Segments of a playlist are opened without these options: by whom they were sent would stay unknown, and they are asked for with the password.
    formats = ",".join(name for name in options.get("format_whitelist", "").split(",") if name != "hls")
    file = str(trust.certificate) if trust.certificate is not None else system_authorities()
    return {"tls_verify": "1", **({"ca_file": file} if file else {}), **({"format_whitelist": formats} if formats else {})}
