"""What a stream shows at a moment: the newest scene's picture, or the hatch where none shows how the place is now (invariants I3, I5)."""

from typing import Final

import cv2
import numpy as np

from passerby.errors import SceneError
from passerby.released.render import Picture, Renderer
from passerby.released.scene import Scene, Size
from passerby.released.withheld_picture import WithheldPicture

LONGEST_SIDE_PX: Final = 1920
MOST_PIXELS: Final = 1920 * 1088
"""Larger pictures are streamed smaller: most of what decodes video in hardware takes no more."""
SMALLEST_SIDE_PX: Final = 16
NO_PICTURE: Final = "no live picture"


class StreamedPicture:
    """Keeps the renderer of one camera. It must be given every scene, in order.

    Args:
        stale_s: A scene that is older does not show how the place is now.
        size: Of the pictures until the first scene comes.
    """

    def __init__(self, stale_s: float, size: Size) -> None:
        self._stale_s = stale_s
        self._renderer: Renderer | None = None
        self._drawn: Picture | None = None
        self._captured_s: float | None = None
        self._withheld = WithheldPicture(streamed_size(size))
        self._fitted: tuple[Picture, Picture] | None = None

    def show(self, scene: Scene, captured_s: float, *, anew: bool) -> bool:
        """Takes in a scene; False = it follows on one that was never shown here, and nothing is shown until a whole plate comes.

        Args:
            scene: The scene.
            captured_s: When its picture came in, by the clock of `picture`.
            anew: Whether it brings the whole plate.
        """
        if anew:
            self._renderer = Renderer(scene.size)
            if self._withheld.size != streamed_size(scene.size):
                self._withheld = WithheldPicture(streamed_size(scene.size))
        if self._renderer is None or self._renderer.size != scene.size:
            self.hide()
            return False
        try:
            self._drawn = self._renderer.render(scene)
        except SceneError:
            self.hide()
            return False
        self._captured_s = captured_s
        return True

    def hide(self) -> None:
        """Shows nothing until a whole plate comes."""
        self._renderer = self._drawn = None

    def picture(self, now_s: float) -> Picture:
        """The picture now: height x width x 3 BGR uint8; the very same object as before where nothing changed."""
        if self._drawn is None or self._captured_s is None:
            return self._withheld.picture(NO_PICTURE, "waiting for the camera")
        age_s = now_s - self._captured_s
        if age_s > self._stale_s:
            return self._withheld.picture(NO_PICTURE, f"for {int(age_s) // 60}:{int(age_s) % 60:02d}")
        return self._fitting(self._drawn)

    def missed(self) -> Picture:
        """The picture of a time at which none was given."""
        return self._withheld.picture(NO_PICTURE, "the stream was interrupted")

    def _fitting(self, picture: Picture) -> Picture:
        if self._fitted is None or self._fitted[0] is not picture:
            self._fitted = picture, _scaled(picture)
        return self._fitted[1]


def streamed_size(size: Size) -> Size:
    """The size at which pictures of a size are streamed: even, and at most 1920 pixels long and as many as 1920 x 1088."""
    width_px, height_px = size.width_px, size.height_px
    scale = min(1.0, LONGEST_SIDE_PX / max(width_px, height_px), (MOST_PIXELS / (width_px * height_px)) ** 0.5)
    if scale < 1.0:
        width_px, height_px = int(width_px * scale), int(height_px * scale)
        return Size(max(SMALLEST_SIDE_PX, width_px - width_px % 2), max(SMALLEST_SIDE_PX, height_px - height_px % 2))
    return Size(max(SMALLEST_SIDE_PX, width_px), max(SMALLEST_SIDE_PX, height_px))


def _scaled(picture: Picture) -> Picture:
    size = Size(picture.shape[1], picture.shape[0])
    wanted = streamed_size(size)
    if wanted == size:
        return picture
    return np.asarray(cv2.resize(picture, (wanted.width_px, wanted.height_px), interpolation=cv2.INTER_AREA), dtype=np.uint8)
