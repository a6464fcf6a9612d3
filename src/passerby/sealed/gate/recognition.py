"""Whether a camera that comes back sees the place that is known of it: over another connection, or behind a gate that is new.

Stricter than `tamper`, which must not take a crowd for a fault. Here everything is withheld until two pictures, one after the other, show the view:
at least half of what is textured in it can be seen, and four fifths of that is as it was. When in doubt the place is learned anew.
"""

from enum import Enum, auto
from typing import Final

from passerby.sealed.gate.grid import Mask, Picture
from passerby.sealed.gate.regions import FEWEST_REGIONS, Floats, grey_of, likeness

USABLE_SHARE: Final = 0.5
"""Of the regions of the reference that are known and textured, so many must be free of subjects."""
ALIKE: Final = 0.6
"""Least correlation of a region's gradients: over half of them have less once the view has shifted by half a percent of its width."""
ALIKE_SHARE: Final = 0.8
OTHER_SHARE: Final = 0.5
"""With fewer regions alike it is another view, or the camera was turned."""
TIMES_IN_ROW: Final = 2
UNSURE_S: Final = 10.0
"""For so long a view may be neither; then the place is learned anew."""


class View(Enum):
    """What a camera sees."""

    SAME = auto()
    UNSURE = auto()
    OTHER = auto()


class Recognition:
    """Compares the first pictures of a camera that is back with what was known.

    Args:
        reference: The place, a grey working picture.
        known: Where that is known.
        alike_share: Of the regions that can be seen, so many must be as they were.

    Attributes:
        can_tell: Whether enough of it is textured to tell it from another view.
    """

    def __init__(self, reference: Floats, known: Mask, alike_share: float = ALIKE_SHARE) -> None:
        self._alike_share = alike_share
        self._reference, self._known = reference.copy(), known.copy()
        textured = int(likeness(self._reference, self._reference, self._known).usable.sum())
        self.can_tell = textured >= FEWEST_REGIONS
        self._fewest = max(FEWEST_REGIONS, round(USABLE_SHARE * textured + 0.5))
        self._alike_times = self._other_times = 0
        self._begun_s: float | None = None

    def begin_anew(self) -> None:
        """Counts no picture that came before: they were of another connection."""
        self._alike_times = self._other_times = 0

    def judge(self, working: Picture, visible: Mask, time_s: float, *, suspicious: bool) -> View:
        """What this picture and those before say.

        Args:
            working: The working picture.
            visible: Pixels that no subject covers; no others are read.
            time_s: The picture's time.
            suspicious: Whether its light, its colours or its sharpness are not those of the place.
        """
        begun_s = self._begun_s = time_s if self._begun_s is None else min(self._begun_s, time_s)
        like = likeness(grey_of(working), self._reference, visible & self._known)
        enough = int(like.usable.sum()) >= self._fewest
        share = float((like.correlation[like.usable] >= ALIKE).mean()) if enough else 0.0
        self._alike_times = self._alike_times + 1 if enough and share >= self._alike_share and not suspicious else 0
        self._other_times = self._other_times + 1 if enough and share < OTHER_SHARE else 0
        if self._alike_times >= TIMES_IN_ROW:
            return View.SAME
        return View.OTHER if self._other_times >= TIMES_IN_ROW or time_s - begun_s >= UNSURE_S else View.UNSURE
