"""The plate that a camera showed last, out of its recordings: for a gate that begins anew and may show it if the view is still the same."""

from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from passerby.record.folder import MINUTE_S, CameraFolder
from passerby.record.plate_file import rectangles_of
from passerby.record.playback import play
from passerby.released.scene import PlatePatch, Scene

MOST_MINUTES: Final = 5
"""So many of the last minutes are searched for a scene that shows some of the place."""


def last_plate(recordings: Path, camera: str) -> Scene | None:
    """The last recorded scene that showed some of the place, with all that it showed as patches and nothing else; None = there is none.

    Of a camera that was moved since it is what it showed before: a gate that is handed that and sees something else knows that it is not at home.

    Raises:
        RecordingError: A file that is there cannot be read.
        SceneError: What is recorded is damaged.
    """
    segments = sorted((name for name, _ in CameraFolder(recordings, camera).segments()), reverse=True)
    for name in segments[:MOST_MINUTES]:
        plate = _Plate()
        for played in play(recordings, camera, name.minute * MINUTE_S, (name.minute + 1) * MINUTE_S):
            if played.segment == name.text:
                plate.take(played.scene)
        if plate.last is not None:
            return plate.whole(plate.last)
    return None


class _Plate:
    """Follows scenes, as a renderer does.

    Attributes:
        last: The last scene that showed some of the place that zones were drawn on, and not of another one that the camera was turned to.
    """

    def __init__(self) -> None:
        self.last: Scene | None = None
        self._epoch = -1
        self._picture: NDArray[np.uint8] = np.zeros((0, 0, 3), np.uint8)

    def take(self, scene: Scene) -> None:
        """Takes the next scene."""
        shape = (scene.size.height_px, scene.size.width_px, 3)
        if scene.plate_epoch != self._epoch or self._picture.shape != shape:
            self._epoch, self._picture, self.last = scene.plate_epoch, np.zeros(shape, np.uint8), None
        for patch in scene.patches:
            pixels = np.frombuffer(patch.pixels, np.uint8).reshape(patch.height_px, patch.width_px, 3)
            self._picture[patch.y_px : patch.y_px + patch.height_px, patch.x_px : patch.x_px + patch.width_px] = pixels
        if any(scene.shown) and scene.health.at_home is not False:
            self.last = scene

    def whole(self, scene: Scene) -> Scene:
        """A scene of this plate with all that it shows."""
        rows, columns, step = scene.block_rows, scene.block_columns, scene.block_px
        shown = np.unpackbits(np.frombuffer(scene.shown, np.uint8), count=rows * columns).reshape(rows, columns).astype(bool)
        patches = []
        for top, bottom, left, right in rectangles_of(shown):
            part = self._picture[top * step : bottom * step, left * step : right * step]
            patches.append(PlatePatch(left * step, top * step, part.shape[1], part.shape[0], part.tobytes()))
        return msgspec.structs.replace(scene, patches=tuple(patches), glyphs=(), cells=(), light=None)
