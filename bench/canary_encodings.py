"""What bytes may stand for: numbers spelled out, base 64, hexadecimal, packed data, pictures in files, numbers of four bytes."""

import base64
import re
import zlib
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

LEAST_BYTES: Final = 96
MOST_BYTES: Final = 1 << 26
BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{128,}={0,2}")
HEXADECIMAL: Final = re.compile(rb"(?:[0-9a-fA-F]{2}){96,}")
NUMBER: Final = re.compile(rb"(?<![\w.])(\d{1,3})(?:\.(\d*))?(?![\w.])")
PICTURES: Final = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff[\xc0\xc2\xc4\xdb\xe0\xe1\xe2\xee\xfe]|BM....\0{4}.\0{3}|RIFF....WEBPVP8|\AP[56]\s|\AII\*\0|\AMM\0\*",
    re.DOTALL,
)
TEXT: Final = bytes(range(32, 127)) + b"\t\r\n"
MOSTLY: Final = 0.9
PACKED: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b\x08")


def numbers_in(text: bytes) -> Bytes:
    """The numbers of a text as bytes: those from 0 to 255; or 255 times, where none is above 1 and they have fractions."""
    if not is_text(text):
        return np.zeros(0, np.uint8)
    found = [(int(match[1]), match[2]) for match in NUMBER.finditer(text)]
    whole = np.array([number for number, _ in found if number <= 255], np.uint8)
    if len(whole) < LEAST_BYTES or whole.max() > 1:
        return whole
    shares = np.array([number + float(b"0." + (rest or b"0")) for number, rest in found if number <= 255])
    return np.asarray(np.clip(255 * shares, 0, 255), np.uint8)


def is_text(data: bytes) -> bool:
    """Whether nearly all bytes are letters of ASCII."""
    return len(data.translate(None, TEXT)) <= (1 - MOSTLY) * len(data)


def spelled_in(text: bytes) -> Iterator[bytes]:
    """What stands in base 64 or in hexadecimal."""
    for match in BASE64.finditer(text):
        letters = match[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        yield base64.b64decode(letters[: len(letters) // 4 * 4])
    for match in HEXADECIMAL.finditer(text):
        yield bytes.fromhex(match[0].decode("ascii"))


def unpacked_in(data: bytes) -> Iterator[bytes]:
    """What zlib and gzip have packed, wherever it begins."""
    for sign in PACKED:
        for at in _places_of(sign, data):
            # Wrong guesses end after a few bytes.
            unpacking = zlib.decompressobj(31 if sign[0] == 0x1F else 15)
            try:
                found = unpacking.decompress(data[at : at + MOST_BYTES], MOST_BYTES)
            except zlib.error:
                continue
            if len(found) >= LEAST_BYTES:
                yield found


def pictures_in(data: bytes) -> Iterator[Bytes]:
    """PNG, JPEG, BMP, WebP, PNM and TIFF pictures wherever they begin (height x width x 3, BGR)."""
    for match in PICTURES.finditer(data):
        try:
            picture = cv2.imdecode(np.frombuffer(data, np.uint8, offset=match.start())[:MOST_BYTES], cv2.IMREAD_COLOR)
        except cv2.error:
            continue
        if picture is not None:
            yield np.asarray(picture, np.uint8)


def floats_in(data: Bytes) -> Iterator[Bytes]:
    """The bytes as numbers of four bytes (IEEE 754), where most of those are 0 to 255, or most 0 to 1; as bytes again."""
    for offset in range(4):
        count = (len(data) - offset) // 4
        with np.errstate(invalid="ignore"):
            numbers = data[offset : offset + 4 * count].view(np.float32) if count else np.zeros(0, np.float32)
            # Numbers of pictures are at least a thousandth, or nothing: other bytes make numbers of all magnitudes.
            sound = (numbers == 0) | ((np.abs(numbers) > 1e-3) & (np.abs(numbers) <= 255.5))
        there = sound & (numbers != 0)
        if count < LEAST_BYTES or sound.mean() < 0.5 or there.mean() < 0.1:
            continue
        largest = 1.0 if float(np.abs(numbers[sound]).max()) <= 1.01 else 255.0
        yield np.clip(np.where(sound, numbers, 0) * (255 / largest), 0, 255).astype(np.uint8)


def _places_of(sign: bytes, data: bytes) -> Iterator[int]:
    at = data.find(sign)
    while at >= 0:
        yield at
        at = data.find(sign, at + 1)
