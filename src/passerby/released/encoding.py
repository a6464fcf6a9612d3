"""Scenes as bytes: a version byte, then MessagePack (https://msgpack.org, specification of 2013-04-21).

The first byte is the version, 0x02; 0x01 had no `GateHealth.at_home`. What follows is a map whose first key is "type" with the value "Scene", then
the fields of `Scene` in the order of their definition; structures within are arrays. A scene begins like this:

    02 8d a4 "type" a5 "Scene" a6 "time_s" cb 3f f0 00 00 00 00 00 00 a4 "size" 92 cd 03 00 cd 02 40 ...

There is one way only to write a scene, and `decode` refuses every other: bytes that it accepts hold nothing beside the scene.
"""

from typing import Final

import msgspec

from passerby.errors import SceneError
from passerby.released.geometry import check
from passerby.released.scene import Scene

VERSION: Final = 2


def encode(scene: Scene) -> bytes:
    """The bytes of a scene; equal scenes have equal bytes.

    Raises:
        SceneError: The scene is inconsistent.
    """
    check(scene)
    return bytes((VERSION,)) + msgspec.msgpack.encode(scene)


def decode(data: bytes) -> Scene:
    """The scene that `encode` wrote.

    Raises:
        SceneError: The bytes are of another version, damaged, inconsistent, or hold anything but a scene.
    """
    if data[:1] != bytes((VERSION,)):
        raise SceneError(f"scenes of version {VERSION} begin with the byte {VERSION:#04x}, not with {data[:1].hex() or 'nothing'}")
    try:
        scene = msgspec.msgpack.decode(memoryview(data)[1:], type=Scene)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeDecodeError) as error:
        raise SceneError(f"these {len(data)} bytes are no scene: {error}") from error
    if encode(scene) != data:
        raise SceneError(f"these {len(data)} bytes hold more than a scene, or a scene that is not written as it should be")
    return scene
