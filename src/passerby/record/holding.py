"""Holds made and ended by a command, whether the recorder runs or not: it takes notice within a second. Written down first (invariant I7)."""

from typing import Final, NamedTuple

from passerby.clock import Clock
from passerby.errors import RecordingError, SettingsError
from passerby.record.ages import Moment
from passerby.record.folder import CameraFolder
from passerby.record.holds import Hold, Holds, kept_holds
from passerby.record.kept_minutes import KeptMinutes, reading_ages
from passerby.record.places import RecordingsPlace, known_camera
from passerby.record.promises import read_promises
from passerby.record.receipts import FileReceipts

HOLDS: Final = "holds.json"


class HoldWish(NamedTuple):
    """A camera's recordings of [from_s, to_s), to be kept until `until_s`, all seconds since 1970 UTC."""

    camera: str
    from_s: float
    to_s: float
    until_s: float


def hold(place: RecordingsPlace, wish: HoldWish, clock: Clock, *, why: str, by: str, follows: str = "") -> tuple[Hold, int]:
    """Holds recordings; the hold, and of how many minutes there are recordings now. `follows`: id of what goes on, with which it is to be extended.

    Raises:
        SettingsError: It is not said what for, or not known how long a hold may last.
        RecordingError: There is no such camera, the times make no sense, or the end is beyond the bound.
        ReceiptError: It could not be written down.
        OutputError: It could not be kept.
    """
    if place.max_hold_s is None:
        raise SettingsError(f"{place.state}: is no site.toml, which says how long a hold may last", "give the site.toml")
    line = " ".join(why.split())
    if not line or not line.isprintable():
        raise SettingsError("what the recordings are held for is empty, or holds characters that cannot be shown", "say it in a line")
    known_camera(place, wish.camera)
    era = reading_ages(place.recordings, clock).era
    limit_s = read_promises(CameraFolder(place.recordings, wish.camera).promises).limit_s(Moment(era, wish.from_s))
    latest_s = wish.from_s + (limit_s or place.retention_s.get(wish.camera, 0.0)) + place.max_hold_s
    made = _holds(place, clock).make(wish.camera, wish.from_s, wish.to_s, wish.until_s, latest_s=latest_s, why=line, by=by, follows=follows)
    kept = KeptMinutes(place.recordings, clock, assumed_s=place.retention_s)
    return made, sum(made.covers(name) for name in kept.names(wish.camera, wish.from_s, wish.to_s))


def following(place: RecordingsPlace, clock: Clock) -> list[Hold]:
    """The holds in force that are to be extended, as long as what they follow goes on."""
    ages = reading_ages(place.recordings, clock)
    return [one for one in kept_holds(place.recordings / HOLDS) if one.follows and not one.is_over(ages)]


def extend(place: RecordingsPlace, hold_id: str, to_s: float, clock: Clock, *, goes_on: bool) -> Hold | None:
    """Extends a hold that follows something, as `Holds.extend` does.

    Raises:
        RecordingError: The holds cannot be read.
        ReceiptError: It could not be written down.
        OutputError: It could not be kept, or somebody else changes holds now.
    """
    return _holds(place, clock).extend(hold_id, to_s, goes_on=goes_on)


def reach_s(place: RecordingsPlace, hold: Hold, clock: Clock) -> float:
    """Up to when a hold that follows something may be extended now, seconds since 1970 UTC."""
    return hold.reach_s(reading_ages(place.recordings, clock))


def promised_s(place: RecordingsPlace, hold: Hold) -> float:
    """How long recordings of the moment up to which a hold reaches are kept without it, in seconds; 0 = that was never said."""
    limit_s = read_promises(CameraFolder(place.recordings, hold.camera).promises).limit_s(Moment(hold.made_era, hold.to_s))
    return limit_s or place.retention_s.get(hold.camera, 0.0)


def release(place: RecordingsPlace, hold_id: str, clock: Clock, *, by: str) -> None:
    """Ends a hold before its time.

    Raises:
        RecordingError: There is no such hold.
        ReceiptError: It could not be written down.
        OutputError: It could not be ended.
    """
    _holds(place, clock).end(hold_id, by=by)


def in_force(place: RecordingsPlace, clock: Clock) -> list[Hold]:
    """The holds that are not over."""
    ages = reading_ages(place.recordings, clock)
    return [one for one in kept_holds(place.recordings / HOLDS) if not one.is_over(ages)]


def _holds(place: RecordingsPlace, clock: Clock) -> Holds:
    receipts = FileReceipts(place.state / "receipts.jsonl")
    path = place.recordings / HOLDS
    try:
        return Holds(path, reading_ages(place.recordings, clock), clock, receipts, receipts.write)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}", "look at the disk, and at who may read it") from error
