"""What there is of tallies: how many, of when, by zone and line."""

from collections.abc import Iterable
from dataclasses import dataclass

from passerby.store.counted_places import CountedPlace
from passerby.store.question import Table
from passerby.store.tally import Entry, Tap, What
from passerby.store.validating import standing

COUNTED = {Table.ZONES: frozenset({What.NOW}), Table.LINES: frozenset({What.AB, What.BA})}


@dataclass(frozen=True, slots=True)
class ListedTallies:
    """Tallies of a zone or line of the site.

    Attributes:
        place: Which.
        counted: Stamps of a zone, crossings of a line, without those that were taken back.
        sittings: How many countings they come from.
        from_s, to_s: First and last tap, seconds since 1970 UTC; None = there are none.
        outdated: Of `counted`, those made when it was drawn otherwise: they say nothing of it as it is now.
    """

    place: CountedPlace
    counted: int
    sittings: int
    from_s: float | None
    to_s: float | None
    outdated: int

    def words(self) -> str:
        """How many, as people read it."""
        noun = "stamp" if self.place.table is Table.ZONES else "crossing"
        counted = f"{self.counted} {noun}{'' if self.counted == 1 else 's'} in {self.sittings} sitting{'' if self.sittings == 1 else 's'}"
        return counted + (f", {self.outdated} of them from before it was drawn anew" if self.outdated else "")


def listed(entries: Iterable[Entry], places: Iterable[CountedPlace]) -> list[ListedTallies]:
    """What there is of each zone and line of a site, in its order."""
    taps = standing(entries)
    return [_of(place, [tap for tap in taps if (tap.table, tap.camera, tap.place) == place.place]) for place in places]


def _of(place: CountedPlace, taps: list[Tap]) -> ListedTallies:
    counted = [tap for tap in taps if tap.what in COUNTED[place.table]]
    outdated = sum(1 for tap in counted if tap.shape != place.shape)
    from_s, to_s = (taps[0].wall_s, taps[-1].wall_s) if taps else (None, None)
    return ListedTallies(place, len(counted), len({tap.sitting for tap in taps}), from_s, to_s, outdated)
