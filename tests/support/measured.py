"""Measurements for tests: made up, and as many as are wanted."""

from datetime import UTC, datetime
from pathlib import Path

from passerby.released.measurement import Heat, LineMinute, Measurement, ZoneMinute
from passerby.store.compacting import compact_all
from passerby.store.history import History

DAY_S = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
MINUTE_S = 60


def minute(
    at_s: int,
    people: float = 2.0,
    *,
    camera: str = "gate",
    zone: str = "hall",
    dwell: tuple[int, int, int, int, int, int, int] = (1, 2, 0, 0, 0, 0, 1),
    ab: int = 3,
    covered_s: float = 60.0,
    part: int = 0,
) -> Measurement:
    """A minute of one zone and one line."""
    measured = ZoneMinute(zone, people, int(people), int(people) + 1, people / 50, 0.02, (people + 1) / 50, speed_m_s=(0.9, 1.3, 1.7), dwell=dwell)
    return Measurement(camera, at_s, covered_s, part, (measured,), (LineMinute("door", ab, 1, 0.01, 0.003),), Heat(36, 22, (0.0,) * 351 + (people,)))


def kept(folder: Path, begin_s: int = DAY_S, minutes: int = 120, *, compacted: bool = False, people: float = 2.0) -> History:
    """A history with so many minutes."""
    history = History(folder)
    history.add([minute(begin_s + MINUTE_S * number, people + number % 5) for number in range(minutes)])
    if compacted:
        compact_all(history)
    return history
