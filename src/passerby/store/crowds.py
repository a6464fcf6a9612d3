"""Corrections of zones' counts, trained with counts by people at the place (`measure.crowd`): the file `measurements/crowds.json`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Final

import msgspec

from passerby.measure.crowd import Count, Crowd, trained
from passerby.released.durable import replace_file
from passerby.released.measurement import CrowdNumbers
from passerby.site.orders import CrowdModel
from passerby.store.question import Table
from passerby.store.tally import Place, Seen, Tap, What

FILE: Final = "crowds.json"


class KnownCrowd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trained correction.

    Attributes:
        camera, zone: Whose.
        shape: How the zone was drawn when people counted (`store.tally.shape_of`).
        model: The correction.
    """

    camera: str
    zone: str
    shape: str
    model: CrowdModel


def trained_crowds(taps: Iterable[Tap], seen: Mapping[str, Seen], shapes: Mapping[Place, str]) -> list[KnownCrowd]:
    """Trains the correction of each zone of which there are enough counts.

    Args:
        taps: What people counted and did not take back, in order of time.
        seen: What was measured at each stamp.
        shapes: How zones are drawn now.
    """
    counts: dict[Place, dict[int, list[Count]]] = {}
    for tap in taps:
        place, at = (tap.table, tap.camera, tap.place), seen.get(tap.id)
        if tap.what is What.NOW and tap.people is not None and at is not None and at.crowd is not None and shapes.get(place) == tap.shape:
            counts.setdefault(place, {}).setdefault(_minute(tap), []).append(Count(float(tap.people), at.crowd))
    found = []
    for (table, camera, zone), of_minutes in sorted(counts.items()):
        model = trained([mean_of(of_minute) for of_minute in of_minutes.values()])
        if model is not None and table is Table.ZONES:
            found.append(KnownCrowd(camera, zone, shapes[table, camera, zone], model))
    return found


def mean_of(counts: Sequence[Count]) -> Count:
    """Counts of one minute as one: they are too much alike to be several, and one that is left out must not be known by its neighbours."""
    numbers = zip(*(msgspec.structs.astuple(one.numbers) for one in counts), strict=True)
    return Count(fmean(one.people for one in counts), CrowdNumbers(*(round(fmean(of_all), 3) for of_all in numbers)))


def as_corrected(taps: Iterable[Tap], seen: Mapping[str, Seen], known: KnownCrowd) -> dict[str, float]:
    """What is measured with a correction in the minutes with which it was trained, each of them left out of the training in its turn; by stamp."""
    told = dict(zip(known.model.counts, Crowd(known.model).left_out(), strict=True))
    of_minutes: dict[int, list[tuple[str, Count]]] = {}
    for tap in taps:
        at = seen.get(tap.id)
        if tap.what is What.NOW and tap.people is not None and at is not None and at.crowd is not None and tap.shape == known.shape:
            of_minutes.setdefault(_minute(tap), []).append((tap.id, Count(float(tap.people), at.crowd)))
    found: dict[str, float] = {}
    for of_minute in of_minutes.values():
        mean = mean_of([count for _, count in of_minute])
        if (mean.people, mean.numbers) in told:
            found |= dict.fromkeys((stamp for stamp, _ in of_minute), told[mean.people, mean.numbers])
    return found


def _minute(tap: Tap) -> int:
    return int(tap.wall_s // 60)


def read_crowds(folder: Path) -> list[KnownCrowd]:
    """What the file in the folder `measurements` says; nothing where it is missing or damaged: then the detector's counts stand."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=list[KnownCrowd])
    except (OSError, msgspec.MsgspecError, ValueError):
        return []


def write_crowds(folder: Path, crowds: Iterable[KnownCrowd]) -> None:
    """Replaces the file in the folder `measurements`, as a whole.

    Raises:
        OSError: It could not be written; the one of before is still there.
    """
    replace_file(folder / FILE, msgspec.json.encode(list(crowds)))
