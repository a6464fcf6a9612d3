"""Joins the boxes of successive looks to tracks, and says who stood where a moment ago.

Two boxes belong to one person if they are near each other in heights of the person, allowing for its speed: never by looks. Sure boxes first, then
unsure ones for the tracks that are left, as ByteTrack does it (Zhang et al., ECCV 2022). A track that is not seen for `LOST_AFTER_S` is over: who
comes then is another person.

What is said lags `LAG_S` behind the newest look, so that a short occlusion is bridged from both sides and somebody is counted from the first hit on,
not only from the third.
"""

from dataclasses import dataclass
from math import hypot, log
from typing import Final

from passerby.measure.boxes import STANDING_WIDTH, SURE, is_wide, like_things, of_one_each, standing_x
from passerby.measure.sighting import Sighting
from passerby.measure.track import Hit, Track

LAG_S: Final = 0.6
"""Three looks at five a second."""
HOLD_S: Final = 0.2
LOST_AFTER_S: Final = 2.0
NEW_FROM: Final = 0.5
"""A person begins with a box this sure; less sure ones go on."""
LEAST_SCORE: Final = 0.3
REACH: Final = 0.5
REACH_GROWTH_PER_S: Final = 0.3
LONGEST_GROWTH_S: Final = 1.5
SAME_HEIGHT: Final = 0.7
"""Largest difference of two heights, as the logarithm of their ratio."""
HEIGHT_WEIGHT: Final = 0.3
BY_TOP: Final = 0.1
"""Where legs are hidden the box's foot is not the person's: the upper edge tells as much, at this price."""
DOUBLE_REACH: Final = 0.2
"""Nearer to each other, in heights, stands nobody: one of the two is a double."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person at a moment: its foot point, height and speed in pixels. `track` is for this process only, to tell who crossed a line before.

    `confirmed`: the picture differs from the known place there, or a way of its own vouches for it.
    """

    x_px: float
    y_px: float
    height_px: float
    width_px: float
    speed_px_s: tuple[float, float]
    confirmed: bool
    track: Track


class Tracker:
    """The people before one camera."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._newest_s: float | None = None

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Those that are not over."""
        return tuple(self._tracks)

    def forget(self) -> None:
        """Begins anew: the camera was moved, or the picture is another one."""
        self._tracks, self._newest_s = [], None

    def update(self, sighting: Sighting) -> None:
        """Takes the boxes of a look. A time that falls begins anew."""
        now_s = sighting.time_s
        if self._newest_s is not None and now_s < self._newest_s:
            self.forget()
        self._newest_s = now_s
        self._tracks = [track for track in self._tracks if now_s - track.last.time_s <= LOST_AFTER_S + LAG_S]
        boxes, scores = sighting.boxes_xyxy.tolist(), sighting.scores.tolist()  # plain numbers: arrays cost more than what is done with them
        changed, unknown = sighting.changed.tolist(), sighting.unknown.tolist()
        free = [index for index in of_one_each(sighting.boxes_xyxy, sighting.scores) if scores[index] >= LEAST_SCORE]
        things = like_things(sighting.boxes_xyxy, sighting.scores, free)
        waiting = [track for track in self._tracks if now_s - track.last.time_s <= LOST_AFTER_S]
        for sure in (True, False):
            some = [index for index in free if (scores[index] > SURE) is sure]
            for track, index in _pairs(waiting, boxes, some, now_s):
                hit = _hit(now_s, boxes[index], track)
                track.add(hit, scores[index], changed[index], unknown[index], like_thing=things[index])
                free.remove(index)
                waiting.remove(track)
        for index in free:
            if scores[index] > NEW_FROM:
                track = Track()
                track.add(_hit(now_s, boxes[index]), scores[index], changed[index], unknown[index], like_thing=things[index])
                self._tracks.append(track)

    def standing(self, time_s: float) -> list[Standing]:
        """Who stood where at a time, at the best `LAG_S` before the newest look: persons only, of two in one place the one seen last."""
        found: list[tuple[float, Standing]] = []
        for track in self._tracks:
            if track.is_person and (hit := track.at(time_s, HOLD_S)) is not None:
                one = Standing(hit.x_px, hit.y_px, hit.height_px, hit.width_px, track.speed_px_s, track.is_confirmed, track)
                found.append((max(0.0, time_s - track.last.time_s), one))
        found.sort(key=lambda pair: (pair[0], -pair[1].track.count))
        kept: list[Standing] = []
        for _, one in found:
            if not any(_stand_in_one_place(one, other) for other in kept):
                kept.append(one)
        return kept


def _stand_in_one_place(one: Standing, other: Standing) -> bool:
    reach_px = DOUBLE_REACH * other.height_px
    aside_px = one.x_px - other.x_px
    return abs(aside_px) < reach_px and hypot(aside_px, one.y_px - other.y_px) < reach_px


def _hit(time_s: float, box: list[float], track: Track | None = None) -> Hit:
    """A box as a hit of a track; None = of a new one, of which nothing is expected."""
    left, top, right, bottom = box
    height, width = max(1.0, bottom - top), max(1.0, right - left)
    if track is None or not is_wide(box):
        return Hit(time_s, (left + right) / 2, bottom, height, width)
    return Hit(time_s, standing_x(box, track.predicted(time_s)[0], track.height_px), bottom, height, STANDING_WIDTH * height)


def _pairs(tracks: list[Track], boxes: list[list[float]], some: list[int], time_s: float) -> list[tuple[Track, int]]:
    """Tracks and boxes that belong together, the nearest pairs first."""
    costs: list[tuple[float, int, int]] = []
    wide = {index for index in some if is_wide(boxes[index])}
    for row, track in enumerate(tracks):
        x, y = track.predicted(time_s)
        height = track.height_px
        reach = REACH * (1 + REACH_GROWTH_PER_S * min(LONGEST_GROWTH_S, time_s - track.last.time_s))
        for index in some:
            left, top, right, bottom = boxes[index]
            aside = (standing_x(boxes[index], x, height) if index in wide else (left + right) / 2) - x
            if abs(aside) >= reach * height:
                continue
            away = min(hypot(aside, bottom - y) / height, hypot(aside, top - (y - height)) / height + BY_TOP)
            taller = abs(log(max(1.0, bottom - top) / height))
            if away < reach and taller < SAME_HEIGHT:
                costs.append((away + HEIGHT_WEIGHT * taller, row, index))
    pairs: list[tuple[Track, int]] = []
    taken_tracks: set[int] = set()
    taken_boxes: set[int] = set()
    for _, row, index in sorted(costs):
        if row not in taken_tracks and index not in taken_boxes:
            taken_tracks.add(row)
            taken_boxes.add(index)
            pairs.append((tracks[row], index))
    return pairs
