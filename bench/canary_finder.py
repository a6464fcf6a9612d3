"""Says whether the canary's texture (`canary_code`) is anywhere in a picture, a clip, a file, or a heap of bytes of which nothing is known.

Pictures are searched in two dimensions, for pieces of 8 x 8 cells at any size. Bytes are searched in three ways:

- along rows: 31 cells in a few rows, at scale 1 and 1/2, in each of up to four interleaved channels. It needs neither width nor offset.
- as pictures: where bytes are like those a fixed distance further on, they are laid out with that width and searched as a picture.
- as something else: text with numbers, base 64, hexadecimal, packed data, picture files and numbers of four bytes are unpacked first.

The limits lie far above what clean material reaches. Pieces: 0.55 in 100 frames of real clips, 0.51 in noise, 0.69 in random cells of the very size;
limit 0.72. Rows: 0.77 in smooth noise, text and programs; in random bits of the very size more than the limit of 0.82, but never three times at one
distance. Searched as a heap, 99 MB of noise, bits, text, programs, compressed video and raw frames gave no find.
"""

import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.canary_encodings import floats_in, numbers_in, pictures_in, spelled_in, unpacked_in
from bench.canary_patches import CELLS_PX, PatchSearch
from bench.canary_rows import RowSearch
from bench.canary_strides import planes_of, strides_in
from bench.clips import Mask, Picture

Bytes = NDArray[np.uint8]

ROW_LIMIT: Final = 0.82
"""Likeness of a row from which it is the canary's."""
PATCH_LIMIT: Final = 0.72
"""Likeness of a piece from which it is the canary's."""
CHUNK: Final = 1 << 20
OVERLAP: Final = 1 << 17
"""Of chunks: a person's part of a picture of 2 MB fits into it."""
CHANNELS: Final = (1, 2, 3, 4)
HEAP_CELLS_PX: Final = CELLS_PX[:10]
"""Cell sizes that are tried where a picture is only guessed."""
CHANGED: Final = 16
"""Levels by which a pixel of a clip, smoothed, has to change to be searched again: noise does not reach it."""
DEPTH: Final = 2


@dataclass(frozen=True)
class Find:
    """The canary, found.

    Attributes:
        form: As what: "picture", "row of every 3rd byte", "picture of 2304 bytes a row", with what it was unpacked from.
        likeness: How much it is the canary, 0 to 1.
        at: Where: the byte, or the frame's number.
        detail: Place and size.
    """

    form: str
    likeness: float
    at: int
    detail: str


class CanaryFinder:
    """Looks for the canary."""

    def __init__(self) -> None:
        self._rows = RowSearch(ROW_LIMIT)
        self._patches = PatchSearch(PATCH_LIMIT)
        self._coarse = PatchSearch(PATCH_LIMIT, HEAP_CELLS_PX)

    def in_picture(self, picture: Picture, changed: Mask | None = None, at: int = 0) -> Find | None:
        """The canary in a picture (height x width x 3, or one channel); with `changed`, in what that mask holds."""
        grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        best = self._patches.best(np.asarray(grey, np.uint8), changed)
        if best.likeness < PATCH_LIMIT:
            return None
        detail = f"{best.pieces} pieces, best at x {best.x_px}, y {best.y_px}, cells of {best.cell_px:.1f} px"
        return Find("picture", best.likeness, at, detail)

    def in_frames(self, frames: Iterable[Picture]) -> Iterator[Find | None]:
        """For each frame of a clip whether it shows the canary. What is as it was in a frame that did not is not searched again."""
        clean: Picture | None = None
        for number, frame in enumerate(frames):
            grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
            changed = None if clean is None or clean.shape != grey.shape else np.asarray(cv2.blur(cv2.absdiff(clean, grey), (2, 2)) > CHANGED)
            found = None if changed is not None and not changed.any() else self.in_picture(grey, changed, number)
            if found is None:
                # Pixels that were not searched stay as they were when they were: small changes add up to a large one.
                clean = grey if changed is None or clean is None else np.where(changed, grey, clean)
            yield found

    def in_file(self, path: Path) -> list[Find]:
        """The canary in a file's bytes; frames of clips are for `in_frames`."""
        if path.stat().st_size == 0:
            return []
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return self.in_bytes(bytes(data))

    def in_bytes(self, data: bytes, depth: int = DEPTH) -> list[Find]:
        """The canary in a heap of bytes: the best find of each form, likeliest first; none twice."""
        best: dict[str, Find] = {}
        for find in self._all_in(data, depth):
            if find.form not in best or find.likeness > best[find.form].likeness:
                best[find.form] = find
        return sorted(best.values(), key=lambda find: -find.likeness)

    def _all_in(self, data: bytes, depth: int) -> Iterator[Find]:
        values = np.frombuffer(data, np.uint8)
        yield from self._in_values(values, "")
        for number, numbers in enumerate(floats_in(values)):
            yield from self._in_values(numbers, f"numbers of 4 bytes from {number}: ")
        yield from self._in_values(numbers_in(data), "numbers in text: ")
        for picture in pictures_in(data):
            found = self.in_picture(picture)
            if found is not None:
                yield Find("picture file", found.likeness, 0, found.detail)
        if depth:
            for word, inner in [*(("spelled", one) for one in spelled_in(data)), *(("packed", one) for one in unpacked_in(data))]:
                for find in self.in_bytes(inner, depth - 1):
                    yield Find(f"{word}: {find.form}", find.likeness, find.at, find.detail)

    def _in_values(self, values: Bytes, prefix: str) -> Iterator[Find]:
        for channels in CHANNELS:
            for channel in range(channels):
                row = self._rows.best(values[channel::channels])
                if row.sure:
                    every = "byte" if channels == 1 else f"{channels} bytes"
                    yield Find(
                        f"{prefix}row, every {every}", row.likeness, row.at * channels + channel, f"{row.pairs} pairs of rows, scale {row.scale:g}"
                    )
        for start in range(0, len(values), CHUNK):
            yield from self._in_chunk(values[start : start + CHUNK + OVERLAP], start, prefix)

    def _in_chunk(self, chunk: Bytes, start: int, prefix: str) -> Iterator[Find]:
        for stride in strides_in(chunk):
            for plane in planes_of(chunk, stride):
                best = self._coarse.best(plane)
                if best.likeness >= PATCH_LIMIT:
                    form = f"{prefix}picture of {stride} bytes a row"
                    yield Find(form, best.likeness, start + best.y_px * stride, f"{best.pieces} pieces, cells of {best.cell_px:.1f} px")
