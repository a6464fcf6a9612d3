"""Patches of a plate in a plate file: each once, as lossless WebP in a line of JSON, in the order in which they came.

    {"x_px":0,"y_px":32,"width_px":768,"height_px":16,"webp":"UklGR..."}

Which of the plate's blocks are new is told by digests of what was written: a whole plate that is sent again adds nothing. The pixels themselves are
not kept in memory.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from passerby.errors import SceneError
from passerby.record.json_schema import schema_of
from passerby.released.scene import PlatePatch, Scene, Size

SCHEMA_NAME: Final = "passerby.PlatePatch"
_LOSSLESS: Final = 101
"""OpenCV's word for it: a quality above 100."""
_DIGEST_BYTES: Final = 8


class PatchLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rectangle of the plate. `webp` is a picture of its size."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int
    webp: bytes


def patch_schema() -> bytes:
    """The JSON Schema of a line."""
    return schema_of(PatchLine)


def encode_patch(patch: PlatePatch) -> bytes:
    """The line of a patch."""
    pixels = np.frombuffer(patch.pixels, np.uint8).reshape(patch.height_px, patch.width_px, 3)
    done, webp = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, _LOSSLESS])
    if not done:
        raise SceneError(f"a patch of {patch.width_px} x {patch.height_px} cannot be written as WebP")
    return msgspec.json.encode(PatchLine(patch.x_px, patch.y_px, patch.width_px, patch.height_px, webp.tobytes()))


def decode_patch(data: bytes) -> PlatePatch:
    """The patch that `encode_patch` wrote, bit by bit.

    Raises:
        SceneError: It is damaged.
    """
    try:
        line = msgspec.json.decode(data, type=PatchLine)
        pixels = cv2.imdecode(np.frombuffer(line.webp, np.uint8), cv2.IMREAD_COLOR)
    except (msgspec.MsgspecError, cv2.error, ArithmeticError, RecursionError, ValueError) as error:
        raise SceneError(f"these {len(data)} bytes are no patch of a plate") from error
    if pixels is None or pixels.shape != (line.height_px, line.width_px, 3):
        raise SceneError(f"a patch of {line.width_px} x {line.height_px} holds no picture of that size")
    return PlatePatch(line.x_px, line.y_px, line.width_px, line.height_px, pixels.tobytes())


class KnownBlocks:
    """Which blocks of a plate are known, and what is in them, as digests.

    Attributes:
        superseded: Whether a block that was known has got other pixels: the plate file then holds some that are no longer shown.
    """

    def __init__(self, size: Size, block_px: int) -> None:
        self._size, self._block_px = size, block_px
        shape = (-(-size.height_px // block_px), -(-size.width_px // block_px))
        self._digests = np.zeros(shape, np.uint64)
        self.superseded = False

    def fits(self, scene: Scene) -> bool:
        """Whether the blocks of a scene are these."""
        return (scene.size, scene.block_px) == (self._size, self._block_px)

    def new_patches(self, patches: Sequence[PlatePatch]) -> list[PlatePatch]:
        """What of these patches is news, in few rectangles; it is known from now on."""
        if not patches:
            return []
        if not all(self._is_aligned(patch) for patch in patches):
            self._forget(patches)
            return list(patches)
        canvas = np.zeros((self._size.height_px, self._size.width_px, 3), np.uint8)
        covered = np.zeros(self._digests.shape, np.bool_)
        for patch in patches:
            pixels = np.frombuffer(patch.pixels, np.uint8).reshape(patch.height_px, patch.width_px, 3)
            canvas[patch.y_px : patch.y_px + patch.height_px, patch.x_px : patch.x_px + patch.width_px] = pixels
            covered[self._blocks_of(patch)] = True
        changed = np.zeros_like(covered)
        for row, column in np.argwhere(covered).tolist():
            digest = _digest(canvas[self._pixels_of(row, row + 1, column, column + 1)])
            before = int(self._digests[row, column])
            if digest != before:
                self._digests[row, column] = digest
                changed[row, column] = True
                self.superseded |= before != 0
        return [self._cut(canvas, *rectangle) for rectangle in rectangles_of(changed)]

    def _is_aligned(self, patch: PlatePatch) -> bool:
        right, bottom = patch.x_px + patch.width_px, patch.y_px + patch.height_px
        step = self._block_px
        ends = (right % step == 0 or right == self._size.width_px) and (bottom % step == 0 or bottom == self._size.height_px)
        return ends and patch.x_px % step == 0 and patch.y_px % step == 0

    def _forget(self, patches: Sequence[PlatePatch]) -> None:
        for patch in patches:
            blocks = self._blocks_of(patch)
            self.superseded |= bool(self._digests[blocks].any())
            self._digests[blocks] = 0

    def _blocks_of(self, patch: PlatePatch) -> tuple[slice, slice]:
        step = self._block_px
        rows = slice(patch.y_px // step, -(-(patch.y_px + patch.height_px) // step))
        return rows, slice(patch.x_px // step, -(-(patch.x_px + patch.width_px) // step))

    def _pixels_of(self, top: int, bottom: int, left: int, right: int) -> tuple[slice, slice]:
        step = self._block_px
        return slice(top * step, min(bottom * step, self._size.height_px)), slice(left * step, min(right * step, self._size.width_px))

    def _cut(self, canvas: NDArray[np.uint8], top: int, bottom: int, left: int, right: int) -> PlatePatch:
        rows, columns = self._pixels_of(top, bottom, left, right)
        part = canvas[rows, columns]
        return PlatePatch(int(columns.start), int(rows.start), part.shape[1], part.shape[0], part.tobytes())


def rectangles_of(marks: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Disjoint rectangles (top, bottom, left, right) that cover the marked squares and no others: runs of a row, joined with equal runs below."""
    done: list[tuple[int, int, int, int]] = []
    growing: dict[tuple[int, int], int] = {}
    edges = np.diff(np.pad(marks.astype(np.int8), ((0, 1), (1, 1))), axis=1)
    for row in range(edges.shape[0]):
        starts, ends = np.flatnonzero(edges[row] == 1).tolist(), np.flatnonzero(edges[row] == -1).tolist()
        runs = set(zip(starts, ends, strict=True))
        done += [(top, row, *run) for run, top in growing.items() if run not in runs]
        growing = {run: growing.get(run, row) for run in sorted(runs)}
    return sorted(done)


def _digest(pixels: NDArray[np.uint8]) -> int:
    """What tells blocks apart; never 0, which means not known."""
    return int.from_bytes(hashlib.blake2b(pixels.tobytes(), digest_size=_DIGEST_BYTES).digest(), "little") | 1
