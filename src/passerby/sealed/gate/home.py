"""The view that zones and lines were drawn in: after a camera was moved, nothing is measured until it sees that view again.

What the camera sees after it was moved is learned like any other place and may be shown. But polygons of pixels lie on another ground then, and what
is counted in them would be told as if nothing had happened.
"""

from passerby.sealed.gate.grid import Mask, Picture
from passerby.sealed.gate.recognition import Recognition, View
from passerby.sealed.gate.regions import grey_of


class Home:
    """The view of a camera before it was moved; of several moves the view before the first."""

    def __init__(self) -> None:
        self._recognition: Recognition | None = None
        self._shape: tuple[int, ...] = ()

    @property
    def is_left(self) -> bool:
        """Whether the camera was moved, and has not been seen to see the same again."""
        return self._recognition is not None

    def leave(self, reference: Picture, known: Mask) -> None:
        """Says that the camera was moved.

        Args:
            reference: The place as it was known (working picture).
            known: Where it was. Where next to nothing was known, the view cannot be told from another one, and nothing is held against it.
        """
        if self._recognition is None:
            recognition = Recognition(grey_of(reference), known)
            self._recognition = recognition if recognition.can_tell else None
            self._shape = known.shape

    def look(self, working: Picture, visible: Mask, time_s: float) -> None:
        """Compares a picture with the view that was left; only pixels that are `visible`, under no subject, are read.

        One of another size is another view.
        """
        if self._recognition is None or visible.shape != self._shape:
            return
        if self._recognition.judge(working, visible, time_s, suspicious=False) is View.SAME:
            self._recognition = None
