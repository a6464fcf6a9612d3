"""Times as people write them: 2026-11-23T12:35, with seconds, a day alone, with Z or +01:00, or in the site's time zone."""

from datetime import UTC, datetime, tzinfo

from passerby.errors import SettingsError

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
