"""How old recordings are, whatever the wall clock does. Retention and holds are judged by this and by nothing else.

The age of a recording is the time that passed since. Three rules (docs/design/recording.md says why):

1. While the machine runs, its running clock measures what passes. A step of the wall clock makes nothing older and nothing younger.
2. While it was off only the wall clock can tell. Up to MOST_OFF_S it is believed at once, but never that time went back.
3. More than that, and a clock that steps ahead after a start (a dead battery, set right by the network later), tell of time that the machine was
   off only once they have held for HOLD_S; and only for what was recorded before that start.

Wall time is cut into eras: one begins at each start of the machine and at each step. A file's name says its minute and its era, so its age needs
nothing but this module's few records. If they are lost, ages fall back to the wall clock.
"""

from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec

from passerby.clock import Clock
from passerby.record.machine import Machine
from passerby.released.durable import replace_file

HOLD_S: Final = 600.0
MOST_OFF_S: Final = 86400.0
STEP_S: Final = 5.0
"""Less is no step: clocks are slewed, and ticks come late."""
DRIFT_SHARE: Final = 0.001
"""Twice what the kernel slews a clock by."""
ANCHOR_S: Final = 60.0
RETRY_S: Final = 1.0
MOST_RECORDS: Final = 4096


class Moment(NamedTuple):
    """A wall time, and the era in which it was read."""

    era: int
    wall_s: float


class Era(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an era began.

    Attributes:
        era: Its number.
        boot: Whether the machine was started, or this is the first of all; else the clock stepped.
        step_s: How far the wall clock stepped against the time that passed; of a boot: how much of what it said of the time off was not believed.
        believed_s: Of a boot: how much longer the machine was off than was believed then.
    """

    era: int
    boot: bool
    step_s: float
    believed_s: float = 0.0


class _State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    boot_id: str
    wall_s: float
    running_s: float
    eras: tuple[Era, ...]


class StepListener(Protocol):
    """Is told of a step of the wall clock."""

    def __call__(self, era: Era, wall_s: float) -> None:
        """A step of `era.step_s` was noticed at `wall_s`."""
        ...


class Ages:
    """Notices steps of the wall clock and tells ages.

    Args:
        path: The file that keeps the eras.
        clock: Wall time.
        machine: Which start of the machine this is, and how long it has been running.
        last_era: The greatest era that a file's name says; -1 = there is none.
        on_step: Is told of each step.
        keeps: Whether what is noticed is kept in the file: by the recorder; whoever else asks only reads it.
    """

    def __init__(self, path: Path, clock: Clock, machine: Machine, *, last_era: int, on_step: StepListener, keeps: bool = True) -> None:
        self._path, self._clock, self._machine, self._on_step, self._keeps = path, clock, machine, on_step, keeps
        self._eras: list[Era] = []
        self._unkept = False
        self._last_wall_s, self._last_running_s = clock.wall_s(), machine.running_s()
        self._stepped_at_s = self._anchored_at_s = self._last_running_s
        before = _read(path)
        if before is None:
            self._begin(Era(last_era + 1, boot=True, step_s=0.0))
            return
        self._eras = list(before.eras)
        if before.boot_id and before.boot_id == machine.boot_id():
            self._last_wall_s, self._last_running_s = before.wall_s, before.running_s
            self.notice()
        else:
            off_s = self._last_wall_s - before.wall_s
            unbelieved_s = off_s - min(max(off_s, 0.0), MOST_OFF_S)
            era = Era(self._next(), boot=True, step_s=unbelieved_s)
            self._begin(era)
            if abs(unbelieved_s) > STEP_S:
                on_step(era, self._last_wall_s)
        if self._eras[-1].era < last_era:
            self._begin(Era(last_era + 1, boot=False, step_s=0.0))

    @property
    def era(self) -> int:
        """The era now."""
        return self._eras[-1].era

    def now(self) -> Moment:
        """The moment now. Notices a step first, so that era and wall time belong together."""
        self.notice()
        return Moment(self.era, self._last_wall_s)

    def age_s(self, moment: Moment) -> float:
        """Seconds that passed since a moment, up to the last look at the clock."""
        later = [era for era in self._eras if era.era > moment.era]
        return self._last_wall_s - moment.wall_s - sum(era.step_s for era in later) + sum(era.believed_s for era in later)

    def notice(self) -> None:
        """Looks at the clocks: begins an era if the wall clock stepped, and believes a step that has held."""
        wall_s, running_s = self._clock.wall_s(), self._machine.running_s()
        passed_s = running_s - self._last_running_s
        step_s = (wall_s - self._last_wall_s) - passed_s
        self._last_wall_s, self._last_running_s = wall_s, running_s
        if abs(step_s) > STEP_S + DRIFT_SHARE * max(0.0, passed_s):
            self._stepped_at_s = running_s
            era = Era(self._next(), boot=False, step_s=step_s)
            self._begin(era)
            self._on_step(era, wall_s)
        else:
            held = running_s - self._stepped_at_s >= HOLD_S and self._believe()
            if held or running_s - self._anchored_at_s >= (RETRY_S if self._unkept else ANCHOR_S):
                self._keep()

    def close(self) -> None:
        """Keeps when it was that we last looked."""
        self.notice()
        self._keep()

    def _believe(self) -> bool:
        """Takes what the steps since the last boot say in sum for time that the machine was off; whether that is news."""
        at = max(number for number, era in enumerate(self._eras) if era.boot)
        boot = self._eras[at]
        told_s = boot.step_s + sum(era.step_s for era in self._eras[at + 1 :])
        if told_s <= max(STEP_S, boot.believed_s):
            return False
        self._eras[at] = msgspec.structs.replace(boot, believed_s=told_s)
        return True

    def _next(self) -> int:
        return self._eras[-1].era + 1

    def _begin(self, era: Era) -> None:
        self._eras.append(era)
        if len(self._eras) > MOST_RECORDS:
            boots = [one for one in self._eras[:-MOST_RECORDS] if one.boot]
            self._eras = boots[-1:] + self._eras[-MOST_RECORDS:]
        self._keep()

    def _keep(self) -> None:
        self._anchored_at_s = self._last_running_s
        if not self._keeps:
            return
        state = _State(self._machine.boot_id(), self._last_wall_s, self._last_running_s, tuple(self._eras))
        try:
            replace_file(self._path, msgspec.json.encode(state))
        except OSError:
            # A full disk must not keep what is due from being deleted. It is tried again, and a restart until then goes by the wall clock.
            self._unkept = True
        else:
            self._unkept = False


def _read(path: Path) -> _State | None:
    """The state that was kept; None = there is none that can be used."""
    try:
        state = msgspec.json.decode(path.read_bytes(), type=_State)
    except (OSError, msgspec.MsgspecError, ArithmeticError, RecursionError, ValueError):
        return None
    numbers = [era.era for era in state.eras]
    usable = bool(numbers) and any(era.boot for era in state.eras) and numbers == sorted(set(numbers))
    return state if usable else None
