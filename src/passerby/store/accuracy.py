"""How well a figure was measured, as people at the place counted it: stands beside every figure that is given out.

The file `measurements/accuracy.json` is a list of `Accuracy`. `validating` writes it out of tallies; while there is none, nothing is validated.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from passerby.released.durable import replace_file
from passerby.store.intervals import Interval
from passerby.store.question import Table

FILE: Final = "accuracy.json"
NOT_YET: Final = "not yet validated"
DAMAGED: Final = "not known: accuracy.json is damaged"
NEEDED: Final = 10
"""Fewer tallies validate nothing."""


class Accuracy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the figures of a zone, or of a line one way, are from what people counted.

    Attributes:
        table: Zones or lines.
        camera, id: Whose.
        way: "ab" or "ba" of a line; "" of a zone.
        tallies: On how many counts by people it rests: minutes in which a zone was counted, minutes through which a line was.
        first_day, last_day: When they were made, by the site's clock, such as "2026-11-23".
        mae: Mean absolute error: persons at one moment, or crossings in one minute; None = there are too few tallies.
        bias: Mean error; above zero where too many were measured.
    """

    table: Table
    camera: str
    id: str
    way: str
    tallies: int
    first_day: str
    last_day: str
    mae: Interval | None = None
    bias: Interval | None = None

    def words(self) -> str:
        """As people read it."""
        if self.mae is None or self.bias is None:
            return f"{NOT_YET} ({self.tallies} of {NEEDED} tallies)"
        mae, bias, unit = self.mae, self.bias, "persons" if self.table is Table.ZONES else "crossings a minute"
        days = self.first_day if self.first_day == self.last_day else f"{self.first_day} to {self.last_day}"
        mae_words = f"MAE {mae.value:.1f} {unit} (95 % {mae.low:.1f} to {mae.high:.1f})"
        return f"{mae_words}, bias {_signed(bias.value)} ({_signed(bias.low)} to {_signed(bias.high)}), {self.tallies} tallies of {days}"


class Accuracies:
    """What is known of a site's accuracy.

    Args:
        known: Of zones and lines.
        otherwise: What is said of all others.
    """

    def __init__(self, known: Iterable[Accuracy] = (), otherwise: str = NOT_YET) -> None:
        self._known: dict[tuple[Table, str, str], list[Accuracy]] = {}
        for one in known:
            self._known.setdefault((one.table, one.camera, one.id), []).append(one)
        self._otherwise = otherwise

    def of(self, table: Table, camera: str, one: str) -> tuple[Accuracy, ...]:
        """What is known of a zone, or of a line each way."""
        return tuple(self._known.get((table, camera, one), ()))

    def words(self, table: Table, camera: str, one: str) -> str:
        """What stands beside the figures of a zone or line."""
        found = self.of(table, camera, one)
        if not found:
            return self._otherwise
        said = {known.way: known.words() for known in found}
        return next(iter(said.values())) if len(set(said.values())) == 1 else "; ".join(f"{way}: {words}" for way, words in said.items())


def read_accuracies(folder: Path) -> Accuracies:
    """What the file in the folder `measurements` says."""
    try:
        return Accuracies(msgspec.json.decode((folder / FILE).read_bytes(), type=list[Accuracy]))
    except FileNotFoundError:
        return Accuracies()
    except (OSError, msgspec.MsgspecError, ValueError):
        return Accuracies(otherwise=DAMAGED)


def write_accuracies(folder: Path, accuracies: Iterable[Accuracy]) -> None:
    """Replaces the file in the folder `measurements`, as a whole.

    Raises:
        OSError: It could not be written; the one of before is still there.
    """
    replace_file(folder / FILE, msgspec.json.encode(list(accuracies)))


def _signed(value: float) -> str:
    """With its sign, and no minus before a zero."""
    shown = f"{value:+.1f}"
    return "0.0" if float(shown) == 0 else shown
