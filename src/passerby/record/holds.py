"""Holds: recordings that are kept beyond their time because somebody asked for it. A hold has an end, and that cannot be put off for ever.

A hold ends at most the configured bound after the time at which what it holds would have been deleted. So holds cannot be strung together.

What goes on may still be held: such a hold says what it follows, and is extended, never shortened, as long as that goes on. Its end stays as it was.

The command line makes and ends holds while the recorder runs: `holds.json` is changed under a lock, and read again when somebody else changed it.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from passerby.clock import Clock
from passerby.errors import OutputError, RecordingError
from passerby.record.ages import Ages, Moment
from passerby.record.folder import MINUTE_S, FileName
from passerby.record.receipts import OURS, Act, Receipt, ReceiptSink
from passerby.released.durable import replace_file
from passerby.released.partial_file import output_error

SLACK_S: Final = 3600.0
"""A wall clock may be set by so much while a hold follows something; what one says that is further ahead is held by nothing."""


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Keeps a camera's recordings of [from_s, to_s), by the wall clock, until `until_s`.

    Attributes:
        hold: Its id.
        camera: Whose recordings.
        from_s, to_s: Which.
        until_s: Its end by the wall clock; `made_era` and `made_s` say when it was made, so that its length holds whatever the clock does.
        why: What it is for.
        by: Who made it.
        follows: Id of what goes on, with which it is extended; "" = it is not, and nothing is written of it: an older build can read it.
    """

    hold: str
    camera: str
    from_s: float
    to_s: float
    until_s: float
    why: str
    by: str
    made_era: int
    made_s: float
    follows: str = ""

    def covers(self, name: FileName) -> bool:
        """Whether some of a minute lies in its time."""
        begin_s = name.minute * MINUTE_S
        return self.from_s < begin_s + MINUTE_S and begin_s < self.to_s

    def is_over(self, ages: Ages) -> bool:
        """Whether its time has passed."""
        return ages.age_s(Moment(self.made_era, self.made_s)) >= self.until_s - self.made_s

    def reach_s(self, ages: Ages) -> float:
        """Up to when it may be extended now: no further than time has passed since it was made, whatever the wall clock says."""
        return self.made_s + ages.age_s(Moment(self.made_era, self.made_s)) + SLACK_S


class Holds:
    """The holds in force.

    Args:
        path: The file that keeps them.
        ages: Time.
        clock: For the times of receipts.
        receipts: Where a hold is written down before it takes effect.
        note: Takes a receipt that may follow.

    Raises:
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path, ages: Ages, clock: Clock, receipts: ReceiptSink, note: Callable[[Receipt], None]) -> None:
        self._path, self._ages, self._clock, self._receipts, self._note = path, ages, clock, receipts, note
        self.all: tuple[Hold, ...] = ()
        self._seen: tuple[int, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Takes over what another process changed.

        Raises:
            OSError: The file cannot be read.
        """
        seen = self._signature()
        if seen == self._seen:
            return
        found = _read(self._path)
        if found is None:
            self._path.replace(self._path.with_suffix(".damaged"))
            self._note(Receipt(kind=Act.HOLDS_LOST, wall_s=self._clock.wall_s(), by=OURS, why="holds.json was damaged and was set aside"))
        self.all, self._seen = found or (), seen

    def keep(self, camera: str, name: FileName) -> bool:
        """Whether a minute of a camera is held."""
        return any(hold.camera == camera and hold.covers(name) for hold in self.all)

    def make(self, camera: str, from_s: float, to_s: float, until_s: float, *, latest_s: float, why: str, by: str, follows: str = "") -> Hold:
        """A hold, written down before it takes effect. It may end at `latest_s` and no later.

        Raises:
            RecordingError: The times make no sense, or the end is too late.
            ReceiptError: It could not be written down.
            OutputError: It could not be kept.
        """
        moment = self._ages.now()
        if not from_s < to_s or not moment.wall_s < until_s:
            raise RecordingError("a hold needs a beginning before its end, and has to last", "give from, to and until in this order")
        if until_s > latest_s:
            raise RecordingError(
                f"a hold ends at the latest max_hold after what it holds would be deleted; this one would {until_s - latest_s:.0f} s later",
                "give an earlier end, or hold later recordings only",
            )
        hold = Hold(secrets.token_hex(6), camera, from_s, to_s, until_s, why, by, moment.era, moment.wall_s, follows)
        with self._locked():
            self._receipts.write(_receipt_of(hold, Act.HELD, moment.wall_s, by))
            self._save((*self.all, hold))
        return hold

    def extend(self, hold_id: str, to_s: float, *, goes_on: bool) -> Hold | None:
        """Extends a hold that follows something up to `to_s`, written down first. It never gets shorter, and its end stays as it was.

        A wall clock that is ahead extends it by an hour at most. Does not wait for who else changes the holds.
        `goes_on`: whether it follows that further.

        Returns:
            The hold now; None = it is over, or was ended, or follows nothing.

        Raises:
            ReceiptError: It could not be written down.
            OutputError: It could not be kept, or somebody else changes holds now.
        """
        with self._locked(wait=False):
            hold = next((one for one in self.all if one.hold == hold_id), None)
            if hold is None or not hold.follows or hold.is_over(self._ages):
                return None
            longer = msgspec.structs.replace(hold, to_s=max(hold.to_s, min(to_s, hold.reach_s(self._ages))), follows=hold.follows if goes_on else "")
            if longer.to_s > hold.to_s:
                self._receipts.write(_receipt_of(longer, Act.HELD, self._clock.wall_s(), OURS))
            if longer != hold:
                self._save(tuple(longer if one == hold else one for one in self.all))
        return longer

    def end(self, hold_id: str, *, by: str) -> None:
        """Ends a hold before its time, written down first.

        Raises:
            RecordingError: There is no such hold.
            ReceiptError: It could not be written down.
            OutputError: It could not be ended.
        """
        with self._locked():
            hold = next((one for one in self.all if one.hold == hold_id), None)
            if hold is None:
                raise RecordingError(f"there is no hold '{hold_id}'", "it may be over already")
            self._receipts.write(_receipt_of(hold, Act.HOLD_ENDED, self._clock.wall_s(), by))
            self._save(tuple(one for one in self.all if one != hold))

    def end_over(self) -> bool:
        """Ends the holds whose time has passed; whether there were any. This never waits: the receipt may follow."""
        over = [hold for hold in self.all if hold.is_over(self._ages)]
        if not over:
            return False
        for hold in over:
            self._note(_receipt_of(hold, Act.HOLD_ENDED, self._clock.wall_s(), OURS))
        self.all = tuple(hold for hold in self.all if hold not in over)
        with contextlib.suppress(OutputError), self._locked(wait=False):
            # Over in any case: one that is read again is found to be over again.
            self._save(tuple(hold for hold in self.all if hold not in over))
        self.all = tuple(hold for hold in self.all if hold not in over)
        return True

    @contextlib.contextmanager
    def _locked(self, *, wait: bool = True) -> Iterator[None]:
        """Inside, nobody else changes the file, and `all` is what it says.

        Raises:
            OutputError: It cannot be locked or read, or, if we do not wait, somebody else changes it now.
        """
        try:
            lock = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise output_error(self._path, error) from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                self.refresh()
            except OSError as error:
                raise output_error(self._path, error) from error
            yield
        finally:
            os.close(lock)

    def _save(self, holds: tuple[Hold, ...]) -> None:
        try:
            replace_file(self._path, msgspec.json.encode(holds))
        except OSError as error:
            raise output_error(self._path, error) from error
        self.all, self._seen = holds, self._signature()

    def _signature(self) -> tuple[int, ...]:
        """What differs when the file was replaced; () = there is none."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return ()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size


def kept_holds(path: Path) -> tuple[Hold, ...]:
    """The holds that a file keeps, for who only reads; none where it cannot be used."""
    try:
        return _read(path) or ()
    except OSError:
        return ()


def _read(path: Path) -> tuple[Hold, ...] | None:
    """The holds that were kept, () if there is no file; None = it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Hold, ...])
    except FileNotFoundError:
        return ()
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, ValueError):
        return None


def _receipt_of(hold: Hold, kind: Act, wall_s: float, by: str) -> Receipt:
    return Receipt(
        kind=kind, wall_s=wall_s, by=by, camera=hold.camera, from_s=hold.from_s, to_s=hold.to_s, until_s=hold.until_s, hold=hold.hold, why=hold.why
    )
