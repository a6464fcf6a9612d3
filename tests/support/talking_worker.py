"""A worker process that only talks: scenes of made-up places at a steady pace, whole plates when they are asked for. It has no camera and no gate,
so that many of them fit on a small machine.

    python talking_worker.py WIDTH HEIGHT HZ
"""

import os
import sys
import threading
import time

from passerby.released.framing import framed, read_framed
from passerby.released.messages import Beat, CameraHealth, CaptureState, Hello, Message, Reason, SceneMessage, encode_message
from passerby.released.scene import GateHealth, GateState, Glyph, Kind, Level, PlatePatch, Scene, Size
from passerby.site.orders import Configure, SendPlate, decode_command

BLOCK_PX = 16


def main() -> None:
    size, hz = Size(int(sys.argv[1]), int(sys.argv[2])), float(sys.argv[3])
    first = read_framed(sys.stdin.buffer)
    configure = decode_command(first or b"")
    assert isinstance(configure, Configure)
    cameras = [order.camera for order in configure.cameras]
    wanted: set[str] = set()
    threading.Thread(target=obey, args=(wanted,), daemon=True).start()
    say(Hello(os.getpid(), ()))
    begun_s, number = time.monotonic(), 0
    while True:
        for camera in cameras:
            whole = camera in wanted
            wanted.discard(camera)
            say(scene_of(camera, size, time.monotonic() - begun_s, number, plate=whole))
        if number % max(1, int(hz)) == 0:
            say(Beat(time.monotonic(), time.process_time(), 0))
            for camera in cameras:
                say(CameraHealth(camera, CaptureState.STREAMING, Reason.NONE, "made up", size.width_px, size.height_px, number, number))
        number += 1
        time.sleep(max(0.0, begun_s + number / hz - time.monotonic()))


def scene_of(camera: str, size: Size, time_s: float, number: int, *, plate: bool) -> SceneMessage:
    columns, rows = -(-size.width_px // BLOCK_PX), -(-size.height_px // BLOCK_PX)
    glyphs = tuple(sorted(Glyph(size.height_px // 2, 40 + (17 * number + 90 * one) % (size.width_px - 60), 60, 24, Kind.PERSON) for one in range(8)))
    bits = (b"\xff" * ((columns * rows) // 8)) + (bytes([(0xFF << (8 - columns * rows % 8)) & 0xFF]) if columns * rows % 8 else b"")
    scene = Scene(
        time_s=time_s,
        size=size,
        level=Level.GLYPHS,
        plate_epoch=0,
        block_px=BLOCK_PX,
        shown=bits,
        patches=tuple(strips(size)) if plate else (),
        light=None,
        glyphs=glyphs,
        cell_px=-(-size.height_px // 24),
        cells=(),
        health=GateHealth(GateState.WATCHING, 0.0, 0.0, 0.0),
    )
    now_s = time.monotonic()
    return SceneMessage(camera, time.time(), now_s, now_s, None, 1, plate or number == 0, scene)


def strips(size: Size) -> list[PlatePatch]:
    """A whole plate, one strip a row of blocks: smooth, as places are."""
    row = bytes(x * 255 // size.width_px for x in range(size.width_px) for _ in range(3))
    heights = [(top, min(BLOCK_PX, size.height_px - top)) for top in range(0, size.height_px, BLOCK_PX)]
    return [PlatePatch(0, top, size.width_px, height, row * height) for top, height in heights]


def say(message: Message) -> None:
    sys.stdout.buffer.write(framed(encode_message(message)))
    sys.stdout.buffer.flush()


def obey(wanted: set[str]) -> None:
    while (data := read_framed(sys.stdin.buffer)) is not None:
        command = decode_command(data)
        if not isinstance(command, SendPlate):
            break
        wanted.add(command.camera)
    os._exit(0)


if __name__ == "__main__":
    main()
