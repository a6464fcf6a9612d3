"""A network for one size of picture becomes one for any size: a camera's picture is wider than high, and grey bars cost as much as a picture.

An ONNX file is a protocol buffer (onnx/onnx.proto3). Only the declared sizes are touched: the input's height and width become names, and the sizes
that were derived from them are dropped, for ONNX Runtime derives them again. Nodes and weights stay byte for byte. The fields in question:

    ModelProto { 7: GraphProto }
    GraphProto { 11: ValueInfoProto input, 12: output, 13: value_info (sizes in between) }
    ValueInfoProto { 1: name, 2: TypeProto { 1: Tensor { 1: element type, 2: TensorShapeProto { 1: Dimension } } } }
    Dimension { 1: value or 2: name }
"""

from collections.abc import Callable, Iterator
from typing import Final

GRAPH: Final = 7
INPUT: Final = 11
OUTPUT: Final = 12
BETWEEN: Final = 13
TYPE: Final = 2
TENSOR: Final = 1
SHAPE: Final = 2
DIMENSION: Final = 1
DIMENSIONS: Final = 4
"""Of pictures: number, channels, height, width."""

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
MOST_SHIFT: Final = 63

Edit = Callable[[bytes], bytes]


class OddGraphError(ValueError):
    """This file is not laid out as expected; it can still be loaded as it is."""


def for_any_size(weights: bytes) -> bytes:
    """The same network, with the height and width of its one input left open. Raises OddGraphError."""
    return _edited(weights, {GRAPH: _open_graph})


def _open_graph(graph: bytes) -> bytes:
    inputs = [body for number, body in _fields(graph) if number == INPUT]
    if len(inputs) != 1:
        raise OddGraphError(f"{len(inputs)} inputs")
    opened = _edited(graph, {INPUT: _within(_open_shape), OUTPUT: _within(lambda _shape: b"")})
    return b"".join(_chunks(opened, without=BETWEEN))


def _within(edit: Edit) -> Edit:
    """Applies `edit` to the shape of a ValueInfoProto; a shape that becomes empty is as good as none."""
    return lambda info: _edited(info, {TYPE: lambda kind: _edited(kind, {TENSOR: lambda tensor: _edited(tensor, {SHAPE: edit})})})


def _open_shape(shape: bytes) -> bytes:
    dimensions = [body for number, body in _fields(shape) if number == DIMENSION]
    if len(dimensions) != DIMENSIONS:
        raise OddGraphError(f"an input of {len(dimensions)} dimensions")
    names = (b"\x12\x06height", b"\x12\x05width")
    return b"".join(_wrapped(DIMENSION, body) for body in (*dimensions[:2], *names))


def _edited(message: bytes, edits: dict[int, Edit]) -> bytes:
    """The message with the bodies of some of its fields edited."""
    parts = []
    for number, start, body_start, end in _spans(message):
        edit = edits.get(number)
        parts.append(message[start:end] if edit is None or body_start is None else _wrapped(number, edit(message[body_start:end])))
    return b"".join(parts)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and body of the fields that are messages, texts or bytes."""
    return ((number, message[body:end]) for number, _, body, end in _spans(message) if body is not None)


def _chunks(message: bytes, *, without: int) -> Iterator[bytes]:
    """The fields as they lie there, but for one number."""
    return (message[start:end] for number, start, _, end in _spans(message) if number != without)


def _spans(message: bytes) -> Iterator[tuple[int, int, int | None, int]]:
    """Number, start, start of the body (None for plain numbers) and end of each field."""
    at = 0
    while at < len(message):
        start = at
        key, at = _varint(message, at)
        kind, body = key & 7, None
        if kind == VARINT:
            _, at = _varint(message, at)
        elif kind in {FIXED64, FIXED32}:
            at += 8 if kind == FIXED64 else 4
        elif kind == BYTES:
            length, body = _varint(message, at)
            at = body + length
        else:
            raise OddGraphError(f"wire type {kind}")
        if at > len(message):
            raise OddGraphError("a field that goes beyond its message")
        yield key >> 3, start, body, at


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift <= MOST_SHIFT:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise OddGraphError("a number without an end")


def _wrapped(number: int, body: bytes) -> bytes:
    """A field that holds `body`."""
    return _as_varint(number << 3 | BYTES) + _as_varint(len(body)) + body


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
