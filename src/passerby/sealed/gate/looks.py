"""Looks: where the detector is pointed before blocks are released, and what it finds there.

A look is a square tile, enlarged so that the smallest declared person is large at the detector's input. Tiles of one scale form a lattice whose
neighbours overlap by more than the largest subject that the scale is for. The second lattice is 1.4 times as coarse and shifted by half a
tile; one more is centred on the picture's border. A block may be released when it has been inside a tile of every lattice, in every way, since it
became a candidate and nothing was found on it.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import Kind, Size
from passerby.sealed.gate.detector import Boxes, Detector
from passerby.sealed.gate.grid import BLOCK_PX, Grid, Mask, Picture

SECOND_SCALE: Final = 1.4
TILE_PER_PERSON: Final = 6
"""The finest tile's side, in heights of the smallest person."""
LARGEST_SHARE: Final = 0.6
"""A box higher than this part of a tile is left to a coarser tile: at that size the detector sees people in floors and walls."""
LYING_SHAPE: Final = 1.3
LEAST_LYING_SCORE: Final = 0.1
"""A turned place looks like a person more often than an upright one."""
FOUND_GROWTH: Final = 0.25
"""A box that a look finds withholds so much of its side more: a head or a foot may stick out of it."""
OVERLAP: Final = 0.25
"""Neighbouring tiles share this part of their side."""
LEAST_VEHICLE: Final = 1.5
"""A vehicle or an animal smaller than this many smallest persons' heights is ignored when a block is released: no plate can be read on it."""
LEAST_SCORE_OF_THINGS: Final = 0.45
"""Least score of a vehicle, two-wheeler or animal that withholds a block at its release. Of many looks at a real one, one is surer than that;
people count from the detector's least score on."""


@dataclass(frozen=True, slots=True)
class Composite:
    """A picture put together from several, only where somebody looks at it.

    Attributes:
        grid: Units of the picture.
        below: What is seen where nothing else is (h x w x 3).
        above: Pictures of the same size with the blocks that are taken from them; later ones lie over earlier ones.
    """

    grid: Grid
    below: Picture
    above: tuple[tuple[Picture, Mask], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, columns, channels."""
        return self.below.shape

    def part(self, rows: slice, columns: slice) -> Picture:
        """A window of it, an array of its own; the slices begin within the picture."""
        part = self.below[rows, columns].copy()
        by_row = np.arange(rows.start, rows.start + part.shape[0]) // BLOCK_PX
        by_column = np.arange(columns.start, columns.start + part.shape[1]) // BLOCK_PX
        for picture, blocks in self.above:
            taken = blocks[by_row[0] : by_row[-1] + 1, by_column[0] : by_column[-1] + 1]
            if taken.all():
                np.copyto(part, picture[rows, columns])
            elif taken.any():
                np.copyto(part, picture[rows, columns], where=taken[by_row - by_row[0]][:, by_column - by_column[0]][..., None])
        return part


@dataclass(frozen=True, slots=True)
class Tile:
    """A square part of the picture, cut at the picture's border; `lattice` says to which row of looks it belongs."""

    x_px: int
    y_px: int
    side_px: int
    lattice: int


class Way(IntEnum):
    """How a tile is looked at."""

    AS_IT_IS = 0
    MIRRORED = 1
    TO_LEFT = 2
    TO_RIGHT = 3


def lattices(size: Size, min_person_px: int) -> list[list[Tile]]:
    """The tiles of each lattice, finest first; the last one is the whole picture in one or a few tiles."""
    longest = max(size.width_px, size.height_px)
    finest = TILE_PER_PERSON * min_person_px
    sides = inner_sides(size, min_person_px)
    inner = [_lattice(size, min(side, longest), shift, number) for number, (side, shift) in enumerate(sides)]
    return [*inner, _border(size, finest, len(inner))] if finest < longest else inner


def inner_sides(size: Size, min_person_px: int) -> list[tuple[int, float]]:
    """Side of the tiles, and shift, of each lattice within the picture."""
    longest = max(size.width_px, size.height_px)
    finest = TILE_PER_PERSON * min_person_px
    sides = [(finest, 0.0), (round(SECOND_SCALE * finest), 0.5)]
    while sides[-1][0] * 2 < longest:
        sides.append((2 * finest if len(sides) == 2 else sides[-1][0] * 2, 0.0))
    return [*sides, (longest, 0.0)]


def _lattice(size: Size, side: int, shift: float, number: int) -> list[Tile]:
    """Tiles of one side that cover the picture; `shift` moves them by that part of their distance."""
    return [Tile(x, y, side, number) for y in _starts(size.height_px, side, shift) for x in _starts(size.width_px, side, shift)]


def _border(size: Size, side: int, number: int) -> list[Tile]:
    """Tiles centred on the picture's border, but for its upper one: there a person cut in half is seen whole, by its mirror image."""
    half = side // 2
    left, right, bottom = -half, size.width_px - half, size.height_px - half
    tall = [Tile(x, y, side, number) for x in (left, right) for y in _starts(size.height_px, side, 0.0)]
    return tall + [Tile(x, bottom, side, number) for x in _starts(size.width_px, side, 0.0)]


def _starts(length: int, side: int, shift: float) -> list[int]:
    if length <= side:
        return [0]
    steps = int(np.ceil((length - side) / (side * (1 - OVERLAP))))
    step = (length - side) / steps
    if shift and steps >= 1:
        return [round((i + shift) * step) for i in range(steps)]
    return [round(i * step) for i in range(steps + 1)]


class ReleaseLooks:
    """Looks at candidate blocks just before they are released.

    Args:
        grid: Units of the picture.
        detector: Finds subjects.
        min_person_px: Height of the smallest person that must be found.
        executor: Runs several looks at once; None = one after the other.
        both_ways: Each tile is looked at as it is and as its mirror image: one finds some of those whom the other misses.

    All but the finest tiles and the whole picture are looked at turned to the left and to the right as well: the detector hardly knows people
    who lie.
    """

    def __init__(self, grid: Grid, detector: Detector, min_person_px: int, executor: Executor | None = None, *, both_ways: bool = False) -> None:
        self._grid = grid
        self._detector = detector
        self._min_person_px = min_person_px
        self._executor = executor
        self._both_ways = both_ways
        self._turned = frozenset(range(1, len(inner_sides(grid.size, min_person_px)) - 1))
        self._tiles = [tile for lattice in lattices(grid.size, min_person_px) for tile in lattice]
        self._inside = [self._blocks_inside(tile) for tile in self._tiles]
        self._all = np.zeros(grid.block_shape, np.int64)
        for tile, window in zip(self._tiles, self._inside, strict=True):
            for way in self._ways(tile):
                self._all[window] |= _bit(tile, way)
        self._todo = self._all.copy()
        self.latest_runs = 0
        """Runs of the detector that the latest call of `look` asked for."""

    def forget(self, blocks: Mask) -> None:
        """Says that what was seen of these blocks no longer counts."""
        self._todo[blocks] = self._all[blocks]

    def look(self, picture: Picture | Composite, candidates: Mask, most: int) -> tuple[Mask, Mask]:
        """Looks at `picture` (h x w x 3) where `candidates` still need it, with at most `most` runs of the detector (0 = no bound).

        Returns:
            Candidates that every lattice has looked at in every way without finding anything, and blocks on which something was found.
        """
        self.forget(~candidates)
        found = np.zeros(self._grid.block_shape, bool)
        chosen = self._choose(candidates, most)
        self.latest_runs = len(chosen)
        for (number, way), boxes in zip(chosen, self._run(picture, chosen), strict=True):
            # Of the others in the tile something else was looked at than what they would show once they are candidates.
            window = self._inside[number]
            self._todo[window][candidates[window]] &= ~_bit(self._tiles[number], way)
            found |= self._grid.blocks_of(self._grid.working_boxes(boxes.xyxy, grow=FOUND_GROWTH))
        self.forget(found)
        return candidates & (self._todo == 0) & ~found, found

    def _choose(self, candidates: Mask, most: int) -> list[tuple[int, Way]]:
        """Tiles by their number, and how to look at them: first the looks that serve the most blocks."""
        waiting: list[tuple[int, int, Way]] = []
        for number, window in enumerate(self._inside):
            todo = self._todo[window][candidates[window]]
            if todo.any():
                waiting += [(int(((todo >> _shift(self._tiles[number], way)) & 1).sum()), number, way) for way in self._ways(self._tiles[number])]
        order = sorted((one for one in waiting if one[0]), key=lambda one: -one[0])
        return [(number, way) for _, number, way in (order[:most] if most else order)]

    def _ways(self, tile: Tile) -> tuple[Way, ...]:
        """How the detector looks at a tile."""
        mirrored = (Way.MIRRORED,) if self._both_ways else ()
        turned = (Way.TO_LEFT, Way.TO_RIGHT) if tile.lattice in self._turned else ()
        return (Way.AS_IT_IS, *mirrored, *turned)

    def _run(self, picture: Picture | Composite, chosen: Sequence[tuple[int, Way]]) -> list[Boxes]:
        views = [(self._tiles[number], way) for number, way in chosen]
        if self._executor is None:
            return [self._one(picture, tile, way) for tile, way in views]
        return list(self._executor.map(lambda view: self._one(picture, *view), views))

    def _one(self, picture: Picture | Composite, tile: Tile, way: Way) -> Boxes:
        """What one look finds, in pixels of the picture."""
        part, x, y = _cut(picture, tile)
        rows, columns = part.shape[:2]
        if way is Way.AS_IT_IS:
            found = self._detector.detect(part)
        elif way is Way.MIRRORED:
            found = self._detector.detect(np.ascontiguousarray(part[:, ::-1])).mirrored(columns)
        elif way is Way.TO_LEFT:
            turned = np.asarray(cv2.rotate(part, cv2.ROTATE_90_COUNTERCLOCKWISE), np.uint8)
            found = _turned_back(self._detector.detect(turned), columns, to_left=True)
        else:
            turned = np.asarray(cv2.rotate(part, cv2.ROTATE_90_CLOCKWISE), np.uint8)
            found = _turned_back(self._detector.detect(turned), rows, to_left=False)
        return self._credible(found.moved(x, y, 1), tile)

    def _credible(self, boxes: Boxes, tile: Tile) -> Boxes:
        """Boxes that withhold: of a size that this tile's scale is for, and sure enough for their kind."""
        width, height = boxes.xyxy[:, 2] - boxes.xyxy[:, 0], boxes.xyxy[:, 3] - boxes.xyxy[:, 1]
        whole = tile.side_px >= max(self._grid.size.width_px, self._grid.size.height_px)
        fits = np.maximum(height, width) <= (np.inf if whole else LARGEST_SHARE * tile.side_px)
        person = boxes.kinds == Kind.PERSON
        large = np.maximum(width, height) >= np.where(person, self._min_person_px / 4, self._min_person_px * LEAST_VEHICLE)
        sure = person | (boxes.scores >= LEAST_SCORE_OF_THINGS)
        size = self._grid.size
        return boxes.pick(fits & large & sure & _overlaps(boxes.xyxy, (size.width_px, size.height_px)))

    def _blocks_inside(self, tile: Tile) -> tuple[slice, slice]:
        """Blocks that a tile is there for: up to the middle of its overlap with its neighbours, or to the picture's border."""
        margin = tile.side_px * OVERLAP / 2

        def span(start: int, length: int, count: int) -> slice:
            first = 0 if start <= 0 else int((start + margin) // BLOCK_PX)
            last = count if start + tile.side_px >= length else int(-(-(start + tile.side_px - margin) // BLOCK_PX))
            return slice(first, max(first, last))

        rows, columns = self._grid.block_shape
        return span(tile.y_px, self._grid.size.height_px, rows), span(tile.x_px, self._grid.size.width_px, columns)


def _shift(tile: Tile, way: Way) -> int:
    """Which bit of a block's list of looks to be made stands for this one."""
    return len(Way) * tile.lattice + way


def _bit(tile: Tile, way: Way) -> np.int64:
    """The bit itself."""
    return np.int64(1 << _shift(tile, way))


def _turned_back(boxes: Boxes, side_px: int, *, to_left: bool) -> Boxes:
    """Who lies: persons found in a picture that was turned by 90 degrees, in the picture as it was, whose width (to the left) or height is `side_px`.

    In the turned picture they are clearly higher than wide; what is not is no person either way.
    """
    sides = boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]
    people = boxes.pick((boxes.kinds == Kind.PERSON) & (sides[:, 1] > LYING_SHAPE * sides[:, 0]) & (boxes.scores >= LEAST_LYING_SCORE))
    x0, y0, x1, y1 = people.xyxy.T
    back = (side_px - y1, x0, side_px - y0, x1) if to_left else (y0, side_px - x1, y1, side_px - x0)
    return Boxes(np.stack(back, 1).astype(np.float32), people.scores, people.kinds)


def _cut(picture: Picture | Composite, tile: Tile) -> tuple[Picture, int, int]:
    """The tile's part of the picture, mirrored beyond the border where the tile was put there on purpose, and its upper left corner."""
    height, width = picture.shape[0], picture.shape[1]
    half = tile.side_px // 2
    left, right = (half if tile.x_px == -half else 0), (half if tile.x_px == width - half else 0)
    bottom = half if tile.y_px == height - half else 0
    y0, x0 = max(0, tile.y_px), max(0, tile.x_px)
    window = slice(y0, tile.y_px + tile.side_px), slice(x0, tile.x_px + tile.side_px)
    part = picture.part(*window) if isinstance(picture, Composite) else np.ascontiguousarray(picture[window])
    if not (left or right or bottom):
        return part, x0, y0
    room_y, room_x = part.shape[0], part.shape[1]
    mirrored = cv2.copyMakeBorder(part, 0, min(bottom, room_y), min(left, room_x), min(right, room_x), cv2.BORDER_REFLECT)
    return np.asarray(mirrored, np.uint8), x0 - min(left, room_x), y0


def _overlaps(xyxy: NDArray[np.float32], picture: tuple[int, int]) -> NDArray[np.bool_]:
    """Which boxes meet a picture of (width, height) pixels at all."""
    return np.asarray((xyxy[:, 2] > 0) & (xyxy[:, 3] > 0) & (xyxy[:, 0] < picture[0]) & (xyxy[:, 1] < picture[1]))
