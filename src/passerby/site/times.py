"""Times as people write them: 2026-11-23T12:35, with seconds, a day alone, with Z or +01:00, or in the site's time zone."""

from datetime import UTC, datetime, tzinfo

from passerby.errors import SettingsError
from passerby.site.durations import DAY_S

HINT = "such as 2026-11-23T12:35:00, with Z for UTC or +01:00"


def seconds_of(text: str, zone: tzinfo, option: str) -> float:
    """Seconds since 1970 UTC of a time.

    Raises:
        SettingsError: It is no time, or one that the zone leaves out or has twice when summer time begins or ends.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{option} is '{text}', which is no time", HINT) from error
    if at.tzinfo is not None:
        return at.timestamp()
    early, late = at.replace(tzinfo=zone, fold=0), at.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early.timestamp()
    offsets = f"{early.isoformat()} or {late.isoformat()}"
    if datetime.fromtimestamp(early.timestamp(), zone).replace(tzinfo=None) != at:
        raise SettingsError(f"{option}: there was no {text} in {zone}, the clock was put forward", f"give {offsets}")
    raise SettingsError(f"{option}: there was {text} twice in {zone}, the clock was put back", f"give {offsets}")


def text_of(wall_s: float, zone: tzinfo = UTC) -> str:
    """A time as people read it, to the second."""
    at = datetime.fromtimestamp(wall_s, zone)
    return f"{at:%Y-%m-%d %H:%M:%S}" + ("Z" if zone is UTC else f"{at:%z}")


def offsets_between(zone: tzinfo, from_s: float, to_s: float) -> list[tuple[float, int]]:
    """From when on the zone is how many seconds ahead of UTC, in [from_s, to_s]; the first from `from_s` on."""
    found = [(from_s, _offset_s(zone, from_s))]
    at_s = from_s
    while at_s < to_s:
        next_s = min(to_s, at_s + DAY_S)
        if _offset_s(zone, next_s) != found[-1][1]:
            low_s, high_s = at_s, next_s
            while high_s - low_s > 1.0:
                middle_s = (low_s + high_s) // 2
                low_s, high_s = (middle_s, high_s) if _offset_s(zone, middle_s) == found[-1][1] else (low_s, middle_s)
            found.append((float(int(high_s)), _offset_s(zone, high_s)))
        at_s = next_s
    return found


def _offset_s(zone: tzinfo, at_s: float) -> int:
    offset = datetime.fromtimestamp(at_s, zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())
