"""From a camera's order to the source of its pictures."""

from collections.abc import Callable

from passerby.clock import Clock
from passerby.errors import CaptureError, SettingsError
from passerby.released.messages import Reason
from passerby.sealed.capture.address import Address, Trust, read_address
from passerby.sealed.capture.hardware import find_hardware
from passerby.sealed.capture.interrupt import Interrupt
from passerby.sealed.capture.live_source import CameraSource, FileSource
from passerby.sealed.capture.live_stream import Counts, Patience
from passerby.site.orders import CameraOrder


def choose_source(
    order: CameraOrder, clock: Clock, interrupt: Interrupt, counts: Counts, wanted: Callable[[float], bool] | None = None
) -> CameraSource | FileSource:
    """The source that an order names.

    Raises:
        CaptureError: Its address is none.
    """
    address = _address(order)
    if address.path is not None:
        return FileSource(address.path, loop=order.loop, clock=clock, interrupt=interrupt, counts=counts)
    patience = Patience(order.first_byte_s, order.stall_s)
    hardware = find_hardware() if order.hardware_decode else None
    return CameraSource(address, order.transport, patience, hardware, clock, interrupt, counts, wanted)


def _address(order: CameraOrder) -> Address:
    try:
        return read_address(order.source, Trust(order.verify, order.certificate))
    except SettingsError:
        pass
    raise CaptureError(Reason.NOT_FOUND)
