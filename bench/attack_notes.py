"""What was noted of simulated walks, as tables of numbers: kept in a file for each group, so that a run can be continued."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.attack_pairs import Walks
from bench.clips import Mask
from bench.privacy_types import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Notes:
    """What was noted of n walks; a row of numbers is NaN where a walk was seen too little.

    Attributes:
        group: The camera and its gate.
        visit: Which visit of the group.
        appearance: Whose appearance walked; unique over groups, as the next two.
        gait: Whose gait.
        claimed: Who it is said to be: what an attacker has to find.
        released: n x some numbers, from the released stream.
        measured: The same, from what was measured.
        raw_appearance: n x some numbers, from the clip.
        raw_gait: The same.
    """

    group: Ints
    visit: Ints
    appearance: Ints
    gait: Ints
    claimed: Ints
    released: Floats
    measured: Floats
    raw_appearance: Floats
    raw_gait: Floats

    @property
    def together(self) -> Floats:
        """What the released stream and what was measured say, beside each other."""
        return np.hstack([self.released, self.measured])

    def walks(self, features: str, walker: str) -> Walks:
        """The walks that were seen well enough, with one kind of features and one kind of identity."""
        rows: Floats = getattr(self, features)
        return Walks(rows, self.group, self.visit, getattr(self, walker)).of(np.flatnonzero(np.isfinite(rows).all(1)))

    def of(self, kept: Mask) -> "Notes":
        """Some of the walks."""
        return Notes(**{name: values[kept] for name, values in vars(self).items()})

    def save(self, path: Path) -> None:
        """Keeps the notes; the file appears when it is complete."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez_compressed(file, **vars(self))
        partial.rename(path)

    @classmethod
    def load(cls, path: Path) -> "Notes":
        """The notes that `save` kept."""
        with np.load(path, allow_pickle=False) as kept:
            return cls(**{name: kept[name] for name in kept.files})

    @classmethod
    def joined(cls, parts: "list[Notes]") -> "Notes":
        """The notes of several groups."""
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})
