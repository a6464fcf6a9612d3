"""The view that zones and lines were drawn in: after a camera was moved, nothing is measured until it sees that view again.

What the camera sees after it was moved is learned like any other place and may be shown. But polygons of pixels lie on another ground then, and what
is counted in them would be told as if nothing had happened.
"""

from typing import Final

from passerby.sealed.gate.grid import Mask, Picture
from passerby.sealed.gate.recognition import Recognition, View
from passerby.sealed.gate.regions import grey_of

ALIKE_SHARE: Final = 0.65
"""After a dark night stalls and chairs stand elsewhere: with so many regions as they were, it is the same view. Fewer are once it was turned by a
hundredth of its width."""


class Home:
    """The view of a camera before it was moved; of several moves the view before the first."""

    def __init__(self) -> None:
        self._recognition: Recognition | None = None
        self._kept: Recognition | None = None
        self._shape: tuple[int, ...] = ()
        self._kept_shape: tuple[int, ...] = ()

    @property
    def is_left(self) -> bool:
        """Whether the camera was moved or covered, and has not been seen to see the same again."""
        return self._recognition is not None

    def keep(self, reference: Picture, known: Mask) -> None:
        """Says that the plate is about to be dropped: a camera that is moved before the next is known leaves the view of this one.

        Args:
            reference: As `leave`.
            known: As `leave`.
        """
        if self._recognition is None:
            view = Recognition(grey_of(reference), known, ALIKE_SHARE)
            if view.can_tell:
                self._kept, self._kept_shape = view, known.shape

    def leave(self, reference: Picture, known: Mask) -> None:
        """Says that the camera was moved, or that something came before it.

        Args:
            reference: The place as it was known (working picture).
            known: Where it was. Where next to nothing was known, the view that was known last is left; where none ever was, no view can be told from
                another one, and nothing is held against it.
        """
        if self._recognition is None:
            self.keep(reference, known)
            self._recognition, self._shape = self._kept, self._kept_shape

    def look(self, working: Picture, visible: Mask, time_s: float) -> None:
        """Compares a picture with the view that was left; only pixels that are `visible`, under no subject, are read.

        One of another size is another view.
        """
        if self._recognition is None or visible.shape != self._shape:
            return
        if self._recognition.judge(working, visible, time_s, suspicious=False) is View.SAME:
            self._recognition = None
