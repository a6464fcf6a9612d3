"""`python -I -m passerby.sealed.probe`: opens each camera of an order once, for a few seconds, and says what came. A sealed process like a worker.

The order (`site.orders.Configure`) comes on standard input, one `ProbeResult` a camera goes to standard output, both framed. Nothing is looked at
and nothing kept: pictures are decoded and counted.
"""

import os
from typing import NoReturn

from passerby.clock import Clock, SystemClock
from passerby.errors import SceneError
from passerby.released.framing import framed
from passerby.released.messages import ProbeResult, encode_probe
from passerby.sealed.worker.entry import EXIT_CRASHED, EXIT_DONE, EXIT_ORDER, first_order, take_pipes
from passerby.sealed.worker.protections import close_in
from passerby.site.orders import CameraOrder


def main() -> NoReturn:
    """The process."""
    commands, answers = take_pipes()
    try:
        order = first_order(commands)
    except SceneError:
        os._exit(EXIT_ORDER)
    if order is None:
        os._exit(EXIT_DONE)
    close_in(order)
    code = EXIT_DONE
    try:
        for camera in order.cameras:
            _write(answers, framed(encode_probe(probe(camera, SystemClock()))))
    except BaseException:  # noqa: BLE001  # the process ends of it, and says no more than that: a text could quote an address
        code = EXIT_CRASHED
    os._exit(code)


def probe(order: CameraOrder, clock: Clock) -> ProbeResult:
    """What opening a camera once tells: over UDP too where TCP gave nothing and the order leaves it open.

    Args:
        order: Which camera.
        clock: What time it is.
    """
    # Heavy: loaded when the process has closed itself in.
    from passerby.sealed.capture.probing import Probing  # noqa: PLC0415

    return Probing(order, clock).result()


def _write(pipe: int, data: bytes) -> None:
    while data:
        data = data[os.write(pipe, data) :]


if __name__ == "__main__":
    main()
