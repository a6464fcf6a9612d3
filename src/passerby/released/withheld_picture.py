"""The picture that stands where there is none: the hatch all over, and why in words. It shows nothing of a place (invariant I5)."""

from passerby.released.caption import Caption, CaptionText
from passerby.released.hatch import Hatch
from passerby.released.rect import Rect
from passerby.released.render import Picture
from passerby.released.scene import GateState, Size
from passerby.released.sprite import blend


class WithheldPicture:
    """Draws it, for pictures of one size.

    Args:
        size: The size.
    """

    def __init__(self, size: Size) -> None:
        self.size = size
        self._hatch = Hatch(size).texture
        self._caption = Caption(size)
        self._drawn: tuple[CaptionText, Picture] | None = None

    def picture(self, heading: str, words: str) -> Picture:
        """The picture: height x width x 3 BGR uint8, not to be changed. The same words give the very same object."""
        text = CaptionText(heading, words, GateState.FROZEN)
        if self._drawn is None or self._drawn[0] != text:
            picture = self._hatch.copy()
            sprite = self._caption.sprite(text)
            if sprite is not None:
                blend(picture, sprite, 0, 0, Rect.whole(self.size))
            picture.flags.writeable = False
            self._drawn = text, picture
        return self._drawn[1]
