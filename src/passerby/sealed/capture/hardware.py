"""Which of the decoders in graphics hardware that PyAV offers works here."""

from typing import Final

import av
from av.codec.hwaccel import HWAccel, hwdevices_available

_TRIED_WITH: Final = "h264"
"""A device that cannot decode this is of no use for cameras."""


def find_hardware() -> HWAccel | None:
    """The first kind of device that opens; None = none does. What it cannot decode is decoded in software all the same."""
    for kind in hwdevices_available():
        hardware = HWAccel(kind, allow_software_fallback=True)
        try:
            hardware.create(av.Codec(_TRIED_WITH, "r"))
        except (av.FFmpegError, NotImplementedError, OSError, RuntimeError):
            continue
        return hardware
    return None
