"""The plaza as a live camera: pictures come when they are due by the clock, and not before."""

from collections.abc import Iterator

from passerby.clock import Clock
from passerby.simulate.plaza import Plaza
from passerby.simulate.shot import Picture


def live_pictures(plaza: Plaza, clock: Clock) -> Iterator[tuple[float, Picture]]:
    """Media time in seconds and picture, each when it is due; without end if the plaza is endless.

    As a camera does, it goes on while nobody looks: who is too slow misses pictures, and media time keeps to the clock. The first picture comes
    at once.

    Args:
        plaza: What is filmed.
        clock: What time it is.
    """
    start_s = clock.monotonic_s()
    for shot in plaza.film(_due(plaza, clock, start_s)):
        yield shot.time_s, shot.picture


def _due(plaza: Plaza, clock: Clock, start_s: float) -> Iterator[int]:
    """The numbers of the frames, each when it is due; those whose time is over when they are asked for are left out."""
    step_s = plaza.settings.time_s(1)
    for frame in plaza.frames:
        due_s = start_s + plaza.settings.time_s(frame)
        now_s = clock.monotonic_s()
        if now_s >= due_s + step_s:
            continue
        if now_s < due_s:
            clock.sleep(due_s - now_s)
        yield frame
