"""How long a camera's recordings are kept, and since when that holds.

Whoever was recorded was promised a time. A longer one that is configured later holds for what is recorded from then on; a shorter one holds at once
for everything. So what a recording may reach is the shortest of all promises from its minute on.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from passerby.record.ages import Moment
from passerby.released.durable import replace_file


class Promise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From this moment on recordings were to be kept for `retention_s`."""

    era: int
    wall_s: float
    retention_s: float

    @property
    def moment(self) -> Moment:
        """Since when it holds."""
        return Moment(self.era, self.wall_s)


class Promises:
    """The promises of one camera, from the oldest to the one in force."""

    def __init__(self, promises: Sequence[Promise] = ()) -> None:
        self._promises = list(promises)

    @property
    def retention_s(self) -> float | None:
        """The one in force; None = none was ever made."""
        return self._promises[-1].retention_s if self._promises else None

    def made(self, moment: Moment, retention_s: float) -> "Promises":
        """These promises and a new one. Those that it undercuts are left out: they bind nothing any more."""
        kept = [promise for promise in self._promises if promise.retention_s < retention_s]
        undercut = [promise.moment for promise in self._promises if promise.retention_s >= retention_s]
        since = undercut[0] if undercut else moment
        return Promises([*kept, Promise(since.era, since.wall_s, retention_s)])

    def limit_s(self, moment: Moment) -> float:
        """How old a recording of that moment may become.

        What is older than all promises falls under the first of them; without any, nothing may be kept.
        """
        if not self._promises:
            return 0.0
        # Ascending in time and, since `made` leaves out what is undercut, in length: the shortest from a moment on is the one in force then.
        before = [promise for promise in self._promises if promise.moment <= moment]
        return (before[-1] if before else self._promises[0]).retention_s

    def save(self, path: Path) -> None:
        """Keeps the promises.

        Raises:
            OSError: They cannot be written.
        """
        replace_file(path, msgspec.json.encode(self._promises))


def read_promises(path: Path) -> Promises:
    """The promises that were kept; none where there is no file that can be used."""
    try:
        return Promises(msgspec.json.decode(path.read_bytes(), type=list[Promise]))
    except (OSError, msgspec.MsgspecError, ArithmeticError, RecursionError, ValueError):
        return Promises()
