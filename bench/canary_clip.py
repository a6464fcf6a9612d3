"""A clip of the simulated plaza whose people wear the canary.

The texture is laid flat over the pixels of each walker below the head, four pixels a cell whatever their size, and moves with them: wrapped
around limbs and shrunk with distance, it would be found on nobody. People walk through the foreground, where they are large, and one stops for a
while. Nobody is there from the first frame to the last: what the gate does with people who never move is measured by `bench.privacy`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

from bench.canary_code import texture
from bench.clips import Picture
from passerby.released.scene import Size
from passerby.simulate.cast import Posture
from passerby.simulate.path import STEP_S
from passerby.simulate.path import Path as Way
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.simulate.shot import Shot, label_of

HEAD: Final = 0.16
"""Of a figure's height: head and neck stay as they are, so that the figure stays somebody."""
CRF: Final = "18"
SIDE_M: Final = 9.0
"""From the middle to where people come and go."""


@dataclass(frozen=True)
class Crossing:
    """Somebody who walks straight through the picture.

    Attributes:
        y_m: How far away.
        from_s: When they start.
        speed: Metres a second; negative = to the left.
        stops: At how many metres from the middle they stop, and for how many seconds; None = they do not.
    """

    y_m: float
    from_s: float
    speed: float
    stops: tuple[float, float] | None = None

    def way(self, person: int) -> Way:
        """The path."""
        side = -math.copysign(SIDE_M, self.speed)
        walking_s = 2 * SIDE_M / abs(self.speed)
        stop_at_s, stop_s = (walking_s, 0.0) if self.stops is None else (abs(self.stops[0] - side) / abs(self.speed), self.stops[1])
        first = round(self.from_s / STEP_S)
        times_s = np.arange(first, first + round((walking_s + stop_s) / STEP_S) + 1, dtype=np.float64) * STEP_S
        since_s = times_s - times_s[0]
        stands = (since_s >= stop_at_s) & (since_s < stop_at_s + stop_s)
        walked_s = np.where(since_s < stop_at_s, since_s, np.maximum(stop_at_s, since_s - stop_s))
        xy_m = np.stack([side + self.speed * walked_s, np.full(len(times_s), self.y_m)], axis=1)
        heading_rad = np.full(len(times_s), 0.0 if self.speed > 0 else math.pi)
        posture = np.where(stands, Posture.STANDING, Posture.WALKING).astype(np.uint8)
        return Way(person, times_s, xy_m, heading_rad, np.abs(self.speed) * walked_s, posture, person)


CROSSINGS: Final = (
    Crossing(8.0, 1.0, 1.4),
    Crossing(9.5, 2.0, -1.5, stops=(2.0, 3.0)),
    Crossing(8.6, 5.0, -1.3),
    Crossing(12.0, 0.5, 1.2),
    Crossing(16.0, 3.0, 1.5),
)


@dataclass(frozen=True)
class CanaryClip:
    """What to draw; everything is determined by it."""

    width_px: int = 1152
    height_px: int = 864
    fps: int = 5
    seconds: float = 20.0
    seed: int = 7

    def shots(self) -> Iterator[tuple[Shot, Picture]]:
        """Each moment of the plaza, and its picture with everybody in the texture."""
        settings = SimulationSettings(
            size=Size(self.width_px, self.height_px), fps=self.fps, seconds=self.seconds, appearance_seed=self.seed, place_seed=self.seed
        )
        for shot in Plaza(settings, paths=[crossing.way(person) for person, crossing in enumerate(CROSSINGS)]):
            yield shot, wearing(shot)

    def write(self, path: Path) -> None:
        """Encodes the clip as H.264."""
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=self.fps, options={"preset": "veryfast", "crf": CRF})
            stream.width, stream.height, stream.pix_fmt = self.width_px, self.height_px, "yuv420p"
            for number, (_, picture) in enumerate(self.shots()):
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, self.fps)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


def wearing(shot: Shot) -> Picture:
    """The picture of a moment with everybody in the texture."""
    picture = shot.picture.copy()
    rows, columns = picture.shape[:2]
    for seen in shot.people:
        left, top, width, height = seen.box
        y0, y1 = max(0, top + round(HEAD * height)), min(rows, top + height)
        x0, x1 = max(0, left), min(columns, left + width)
        if y0 >= y1 or x0 >= x1:
            continue
        cloth = texture(width, height)[y0 - top : y1 - top, x0 - left : x1 - left]
        worn = shot.labels[y0:y1, x0:x1] == label_of(seen.person)
        picture[y0:y1, x0:x1][worn] = cloth[worn]
    return picture
