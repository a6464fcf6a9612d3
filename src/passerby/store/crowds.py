"""Corrections of zones' counts, trained with counts by people at the place (`measure.crowd`): the file `measurements/crowds.json`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from passerby.measure.crowd import Count, Crowd, trained
from passerby.released.durable import replace_file
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
    counts: dict[Place, list[Count]] = {}
    for tap in taps:
        place, at = (tap.table, tap.camera, tap.place), seen.get(tap.id)
        if tap.what is What.NOW and tap.people is not None and at is not None and at.crowd is not None and shapes.get(place) == tap.shape:
            counts.setdefault(place, []).append(Count(float(tap.people), at.crowd))
    found = []
    for (table, camera, zone), of_zone in sorted(counts.items()):
        model = trained(of_zone)
        if model is not None and table is Table.ZONES:
            found.append(KnownCrowd(camera, zone, shapes[table, camera, zone], model))
    return found


def as_corrected(taps: Iterable[Tap], seen: Mapping[str, Seen], known: KnownCrowd) -> dict[str, float]:
    """What is measured with a correction at the stamps with which it was trained, each of them left out of the training in its turn."""
    told = dict(zip(known.model.counts, Crowd(known.model).left_out(), strict=True))
    found = {}
    for tap in taps:
        at = seen.get(tap.id)
        if at is not None and at.crowd is not None and tap.people is not None and (float(tap.people), at.crowd) in told:
            found[tap.id] = told[float(tap.people), at.crowd]
    return found


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
