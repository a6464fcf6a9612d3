"""The plate: the learned picture of the empty place, and the state of each of its blocks (invariant I2).

    unknown ──quiet──> settling ──samples agree, looks find nobody──> established
       ^                  │ ^                                             │
       └────disturbed─────┘ └── found by a look: held until disturbed     └── differs without a subject: doubted (withheld) until it looks
                                                                               as before, or has been without a subject for absorb_s

An established block never changes; only the light on it does. A `never` block stays unknown.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.sealed.gate.grid import Grid, Mask, Picture
from passerby.sealed.gate.samples import Samples, smoothed_where_unlike
from passerby.sealed.gate.settings import SAMPLES, GateSettings

BORDER_SLOWER: Final = 3
INFRARED_SLOWER: Final = 3
DOUBT_AFTER_S: Final = 4.0
MOST_DOUBLINGS: Final = 6


class BlockState(IntEnum):
    """What a block of the plate is."""

    UNKNOWN = 0
    SETTLING = 1
    ESTABLISHED = 2
    NEVER = 3


@dataclass(frozen=True, slots=True)
class LearnedPlate:
    """A finished plate. `picture` is h x w x 3 and black where `established` (a block each) is false; `held` = withheld because of a subject."""

    picture: Picture
    established: Mask
    held: Mask
    never: Mask


class Plate:
    """Collects quiet samples and says which blocks of the place may be shown.

    Args:
        grid: Units of the picture.
        settings: Settling times and `never` polygons.
        keep_samples: See `Samples`: True when a whole clip is learned from, False for a live picture.
    """

    def __init__(self, grid: Grid, settings: GateSettings, *, keep_samples: bool) -> None:
        self._grid = grid
        self._settings = settings
        self._keep = keep_samples
        self._samples = Samples(grid, keep=keep_samples)
        self._never = grid.blocks_in(settings.never)
        self._slower = np.where(grid.border_blocks(), np.float32(BORDER_SLOWER), np.float32(1))
        self._quiet_s = np.zeros(grid.block_shape, np.float32)
        self._differs_s = np.zeros(grid.block_shape, np.float32)
        self._finds = np.zeros(grid.block_shape, np.int8)
        self._held = np.zeros(grid.block_shape, bool)
        self._disturbed = np.zeros(grid.block_shape, bool)
        self._established = np.zeros(grid.block_shape, bool)
        self._alike = np.ones((grid.size.height_px, grid.size.width_px), bool)
        self.infrared = False
        self.picture: Picture = np.zeros((grid.size.height_px, grid.size.width_px, 3), np.uint8)

    @classmethod
    def of(cls, grid: Grid, settings: GateSettings, learned: LearnedPlate) -> "Plate":
        """A live plate that starts with what was learned from a whole clip."""
        plate = cls(grid, settings, keep_samples=False)
        plate.picture = learned.picture.copy()
        plate._established = learned.established & ~plate._never
        plate._held = learned.held.copy()
        return plate

    @property
    def established(self) -> Mask:
        """Blocks whose plate is learned, doubted ones included."""
        return self._established

    @property
    def doubted(self) -> Mask:
        """Established blocks that have differed from the plate, without a subject, for some seconds: they are withheld."""
        return np.asarray(self._established & (self._differs_s >= DOUBT_AFTER_S))

    @property
    def shown(self) -> Mask:
        """Blocks of which the plate may be shown."""
        return np.asarray(self._established & ~self.doubted & ~self._never)

    @property
    def held(self) -> Mask:
        """Blocks that are withheld because a look found a subject there."""
        return np.asarray(self._held & ~self._established)

    @property
    def undisturbed(self) -> Mask:
        """Blocks that neither a subject nor movement covered at the last look."""
        return ~self._disturbed

    @property
    def never(self) -> Mask:
        """Blocks that are withheld for ever."""
        return self._never

    def states(self) -> NDArray[np.uint8]:
        """The `BlockState` of each block."""
        states = np.where(self._quiet_s > 0, np.uint8(BlockState.SETTLING), np.uint8(BlockState.UNKNOWN))
        states[self._established] = BlockState.ESTABLISHED
        states[self._never] = BlockState.NEVER
        return states

    def disturb(self, by_subject: Mask, by_movement: Mask, by_object: Mask, passed_s: float) -> None:
        """Says which blocks a subject covers, which differ or move without one, and which of these by more than a line.

        `passed_s` seconds have passed since the last time.

        A disturbed block gives no sample meanwhile, and goes on to settle when it is quiet again: where people walk, no moment of quiet is long.
        Live, that frees a block that was held: what was found there may have left. It starts anew, and waits twice as long as the time before.
        """
        disturbed = by_subject | by_movement
        self._disturbed = disturbed
        open_blocks = ~self._established & ~self._never
        if not self._keep:
            left = open_blocks & disturbed & self._held
            self._quiet_s[left] = 0
            self._samples.empty(left)
            self._held &= ~disturbed
        self._differs_s = np.where(by_object & ~by_subject, self._differs_s + np.float32(passed_s), self._differs_s)
        self._differs_s[~(by_object | by_subject)] = 0

    def sample(self, picture: Picture, free: Mask, passed_s: float, gains: NDArray[np.float32] | None = None, part: int | None = None) -> None:
        """Takes a sample of the `free` blocks that need one; `passed_s` seconds of quiet are added to them. `gains`, `part`: see `Samples.add`."""
        wanted = free & ~self._established & ~self._never
        if not self._keep:
            wanted &= ~self._held
        due = self._quiet_s * (SAMPLES - 1) >= self._samples.offered * self._needed_s() - 1e-3 if not self._keep else wanted
        self._samples.add(picture, wanted & due, gains, part)
        self._quiet_s[wanted] += np.float32(passed_s)

    def candidates(self) -> tuple[Picture, Mask]:
        """The picture that quiet blocks agree on, and which blocks those are: to be looked at before they are established.

        Live, some of them may be disturbed just now: their samples are what they were, so looks at them count, but they must not be established.
        """
        ready = self._samples.full & (self._quiet_s >= self._needed_s() - 1e-3) & ~self._established & ~self._held & ~self._never
        if not ready.any():
            return self.picture, ready
        picture, agree, self._alike = self._samples.candidate(ready)
        if not self._keep:
            restart = ready & ~agree
            self._quiet_s[restart] = 0
            self._samples.empty(restart)
        return picture, agree

    def give_up(self, blocks: Mask) -> None:
        """Forgets the samples of blocks that are not established: they settle anew."""
        blocks = blocks & ~self._established
        self._quiet_s[blocks] = 0
        self._samples.empty(blocks)

    def hold_unsettled(self, blocks: Mask) -> None:
        """Says that these blocks never settled because subjects covered them: at the end of a clip."""
        self._held |= blocks & ~self._established & ~self._samples.full

    def hold(self, blocks: Mask) -> None:
        """Says that a look found a subject in these blocks, just before their release."""
        blocks = blocks & ~self._established
        self._held |= blocks
        self._finds[blocks] = np.minimum(self._finds[blocks] + 1, MOST_DOUBLINGS)
        self._quiet_s[blocks] = 0
        if not self._keep:
            self._samples.empty(blocks)

    def establish(self, picture: Picture, blocks: Mask) -> None:
        """Takes `blocks` of the latest candidate `picture` into the plate."""
        blocks = blocks & ~self._never & ~self._held
        released = self._grid.pixels_of(blocks)
        self.picture[released] = smoothed_where_unlike(picture, self._alike, released)[released]
        self._established |= blocks
        self._differs_s[blocks] = 0
        self._finds[blocks] = 0

    def adopt(self, picture: Picture, blocks: Mask) -> None:
        """Takes `blocks` of a plate that was established before, by a gate that is gone."""
        blocks = blocks & ~self._never
        adopted = self._grid.pixels_of(blocks)
        self.picture[adopted] = picture[adopted]
        self._established |= blocks
        self._held &= ~blocks

    def absorb(self) -> Mask:
        """Gives up blocks that have differed from the plate without a subject for `absorb_s`: they settle anew. Returns them."""
        gone = self._established & (self._differs_s >= self._settings.absorb_s)
        self._established &= ~gone
        self._quiet_s[gone] = 0
        self._differs_s[gone] = 0
        self._samples.empty(gone)
        return gone

    def learned(self) -> LearnedPlate:
        """The plate as it is."""
        shown = self.shown
        return LearnedPlate(np.where(self._grid.pixels_of(shown)[..., None], self.picture, np.uint8(0)), shown, self.held, self._never)

    def _needed_s(self) -> NDArray[np.float32]:
        """Seconds of quiet that each block needs. After a look found somebody the next try waits twice as long, and so on."""
        slower = self._slower * (INFRARED_SLOWER if self.infrared else 1)
        tries = np.exp2(self._finds.astype(np.float32)) if not self._keep else np.float32(1)
        return np.asarray(np.minimum(self._settings.settle_s * slower * tries, max(self._settings.absorb_s, self._settings.settle_s * 9)), np.float32)
