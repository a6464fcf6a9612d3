"""What waits to be told, on disk: one SQLite file, written by the running site (and, for dead letters, by `passerby channels`).

It can be made anew from the alerts' own history; what it alone holds is what was not delivered yet. How it is kept, `outbox_file` says.
"""

import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from passerby.hazards.alert import Cause
from passerby.hazards.channels.delivery import Delivery, decoded, encoded
from passerby.hazards.channels.known import Known, OpenAlert
from passerby.hazards.channels.outbox_file import OutboxFile, told_of
from passerby.released.durable import sync_folder

NAME: Final = "outbox.sqlite"
MOST_WAITING: Final = 50_000
"""Deliveries that wait for one channel; the oldest of more become dead letters."""
MOST_DEAD: Final = 100_000
"""Dead letters of all channels; the oldest of more are deleted, and counted."""
FULL: Final = "too much was waiting"
FIRST_DAY: Final = date(1970, 1, 1)
_DAY: Final = "CAST(json_extract(CAST(body AS TEXT), '$.opened_s') / 86400 AS INTEGER)"
"""The UTC day on which an alert was opened, as both tables say it."""
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS alerts (alert TEXT PRIMARY KEY, last INTEGER NOT NULL, open INTEGER NOT NULL, changed_s REAL NOT NULL, body BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (alert TEXT NOT NULL, channel TEXT NOT NULL, PRIMARY KEY (alert, channel)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS armed (alert TEXT NOT NULL, channel TEXT NOT NULL, number INTEGER NOT NULL, made_s REAL NOT NULL,
    PRIMARY KEY (alert, channel)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS begun (wall_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, alert TEXT NOT NULL, number INTEGER NOT NULL,
    loud INTEGER NOT NULL, dead INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, made_s REAL NOT NULL, why TEXT NOT NULL DEFAULT '',
    body BLOB NOT NULL, UNIQUE (channel, alert, number));
CREATE INDEX IF NOT EXISTS alerts_of_day ON alerts ({_DAY});
CREATE INDEX IF NOT EXISTS deliveries_of_day ON deliveries ({_DAY});
CREATE INDEX IF NOT EXISTS open_by_cause ON alerts (json_extract(CAST(body AS TEXT), '$.cause')) WHERE open;
CREATE INDEX IF NOT EXISTS waiting ON deliveries (channel, dead, seq);
CREATE INDEX IF NOT EXISTS dead_letters ON deliveries (seq) WHERE dead;
"""
"""What waits is asked for with `dead = 0`: with `NOT dead`, SQLite does not go by the index `waiting`."""
_OF_DAY: Final = f"alert IN (SELECT alert FROM alerts WHERE {_DAY} = ? UNION SELECT alert FROM deliveries WHERE {_DAY} = ?)"  # noqa: S608 - ours
_DUE: Final = (
    ("told", "alert, channel", _OF_DAY),
    ("armed", "alert, channel", _OF_DAY),
    ("deliveries", "seq", f"{_DAY} = ?"),
    ("alerts", "alert", f"{_DAY} = ?"),
)
"""Tables, the keys of their rows, and which rows are of a day."""
_CAUSE: Final = " AND json_extract(CAST(body AS TEXT), '$.cause') = json(?)"
_NOT_HELD: Final = """ AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.channel = told.channel AND deliveries.alert = alerts.alert
    AND NOT dead AND NOT loud AND json_extract(CAST(deliveries.body AS TEXT), '$.what') IN ('opened', 'returned'))"""
_BUT: Final = " AND seq NOT IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery that waits, or a dead letter.

    Attributes:
        seq: Its place in the order.
        made_s: When it was accepted, seconds since 1970 UTC.
        tries: How often it was sent in vain.
        why: Why it was given up; "" = it waits.
        delivery: What is told.
    """

    seq: int
    made_s: float
    tries: int
    why: str
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Armed:
    """An alert that a channel of escalation is told of unless somebody acknowledges it."""

    alert: str
    channel: str
    number: int
    made_s: float


class Waiting:
    """The file. Each call is whole or nothing; may be called from several threads.

    Args:
        folder: The folder of the alerts in the state folder. It is made if it is not there.
        wall_s: The time now, seconds since 1970 UTC.
        mend: Whether a file that is damaged is set aside.

    Attributes:
        path: The file.
        at_once: All that is written inside is kept together, or none of it; raises OutputError.
        begun_s: When the file was made: of what was before, nobody is told.
        damaged: Whether there was a file that could not be read; it was set aside.
        lost: Of each channel, dead letters that were deleted since the start, as there were too many of all.

    Raises:
        OutputError: It cannot be used.
    """

    def __init__(self, folder: Path, wall_s: float, *, mend: bool = True) -> None:
        self.lost: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._is_owed = mend
        """Whether something that was due for deletion may have left traces; nobody knows what was before the start."""
        self._file = OutboxFile(folder / NAME, _SCHEMA, self._kept, mend=mend)
        self.path, self.damaged, self.at_once = self._file.path, self._file.damaged, self._file.at_once
        self._file.do("INSERT INTO begun SELECT ? WHERE NOT EXISTS (SELECT 1 FROM begun)", wall_s)
        begun = self._file.row("SELECT MIN(wall_s) FROM begun")
        self.begun_s = wall_s if begun is None else float(begun[0])
        self.count_anew()

    @property
    def is_small(self) -> bool:
        """Whether `wipe` of the whole file is done in a moment."""
        return self._file.is_small

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def known(self, alert: str) -> tuple[Known, int] | None:
        """What is known of an alert, and the number of its last event."""
        row = self._file.row("SELECT body, last FROM alerts WHERE alert = ?", alert)
        return None if row is None else (msgspec.json.decode(row[0], type=Known), int(row[1]))

    def open_alerts(self, channel: str, cause: Cause | None = None, *, quiet: bool = False) -> list[OpenAlert]:
        """The open alerts that a channel tells of, of one cause or of all; in quiet hours not those whose opening is held."""
        sql = "SELECT alert, last, body FROM alerts JOIN told USING (alert) WHERE open AND channel = ?"
        sql += ("" if cause is None else _CAUSE) + (_NOT_HELD if quiet else "")
        rows = self._file.rows(sql, channel, *([] if cause is None else [msgspec.json.encode(cause).decode()]))
        return [OpenAlert(str(row[0]), int(row[1]), msgspec.json.decode(row[2], type=Known)) for row in rows]

    def learn(self, alert: str, known: Known, number: int, wall_s: float) -> None:
        """Keeps what is known of an alert with an event."""
        self._file.do("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?)", alert, number, known.open, wall_s, msgspec.json.encode(known))

    def forget(self, before_s: float) -> None:
        """Forgets alerts that are over, that nothing waits of, and that did not change since a time."""
        gone = "SELECT alert FROM alerts WHERE NOT open AND changed_s < ? AND alert NOT IN (SELECT alert FROM deliveries)"
        with self.at_once():
            self._file.do(f"DELETE FROM told WHERE alert IN ({gone})", before_s)  # noqa: S608 - the text is ours
            self._file.do(f"DELETE FROM armed WHERE alert IN ({gone})", before_s)  # noqa: S608 - the text is ours
            self._file.do(f"DELETE FROM alerts WHERE alert IN ({gone})", before_s)  # noqa: S608 - the text is ours

    def forget_days(self, is_due: Callable[[date], bool]) -> int:
        """Deletes all that is kept of alerts that were opened on UTC days that are due, and files that were set aside then; how many rows.

        Nothing of them is left in the files then; where that cannot be done at once, it is tried again with each call.
        """
        for path in self.path.parent.glob(f"{NAME}*.damaged"):
            with told_of("deleted"), contextlib.suppress(FileNotFoundError):
                if is_due(datetime.fromtimestamp(path.stat().st_mtime, UTC).date()):
                    path.unlink()
                    sync_folder(path.parent)
        rows = self._file.rows(f"SELECT DISTINCT {_DAY} FROM alerts UNION SELECT {_DAY} FROM deliveries")  # noqa: S608 - the text is ours
        days = [int(row[0]) for row in rows if row[0] is not None]
        due = [day for day in days if is_due(FIRST_DAY + timedelta(days=day))]
        gone = 0
        if due:
            self._is_owed = True
            try:
                gone = self._file.with_room(lambda: self._delete_at_once(due), lambda: self._delete_bit_by_bit(due))
            finally:  # what went bit by bit is gone, although the rest did not
                self.count_anew()
        if self._is_owed:
            self._is_owed = not self._file.with_room(lambda: self.wipe(whole=True))
        self._file.set_room_aside()
        return gone

    def wipe(self, *, whole: bool = False) -> bool:
        """Clears what was deleted out of the log beside the file; whether there is no trace left. Where another process reads, there is.

        Args:
            whole: Out of the file as well: SQLite writes zeros over what it deletes, but not over what it has moved to another page before. All that
                is kept is written anew for it, so that this is for now and then.

        Raises:
            OutputError: It could not be done. Call it again.
        """
        return self._file.wipe(whole=whole)

    def was_told(self, alert: str, channel: str) -> bool:
        """Whether the channel tells of the alert."""
        return self._file.row("SELECT 1 FROM told WHERE alert = ? AND channel = ?", alert, channel) is not None

    def tells(self, alert: str, channel: str) -> None:
        """From now on the channel tells of the alert."""
        self._file.do("INSERT OR IGNORE INTO told VALUES (?, ?)", alert, channel)

    def put(self, delivery: Delivery, made_s: float, *, loud: bool) -> str:
        """A delivery waits from now on; the alert of the oldest one, where that had to be given up for it, or "".

        Args:
            delivery: The delivery.
            made_s: The time now, seconds since 1970 UTC.
            loud: Quiet hours do not hold it, nor those of the same alert before it.
        """
        with self.at_once():
            added = self._file.do(
                "INSERT OR IGNORE INTO deliveries (channel, alert, number, loud, made_s, body) VALUES (?, ?, ?, ?, ?, ?)",
                *(delivery.channel, delivery.alert, delivery.number, loud, made_s, encoded(delivery)),
            )
            if loud:
                self._file.do("UPDATE deliveries SET loud = 1 WHERE channel = ? AND alert = ? AND NOT loud", delivery.channel, delivery.alert)
            self._counts[delivery.channel] = self._counts.get(delivery.channel, 0) + added
            if self._counts[delivery.channel] > MOST_WAITING:
                oldest = self._file.row("SELECT seq, alert FROM deliveries WHERE channel = ? AND dead = 0 ORDER BY seq LIMIT 1", delivery.channel)
                if oldest is not None:
                    self.bury(delivery.channel, [int(oldest[0])], FULL)
                    return str(oldest[1])
            return ""

    def next(self, channel: str, most: int, *, quiet: bool, but: Collection[int] = ()) -> list[Row]:
        """The oldest deliveries that wait for a channel, but for some; in quiet hours the loud ones only."""
        only = " AND loud" if quiet else ""
        sql = f"SELECT seq, made_s, tries, why, body FROM deliveries WHERE channel = ? AND dead = 0{only}{_BUT} ORDER BY seq LIMIT ?"  # noqa: S608 - the text is ours
        return [_row(row) for row in self._file.rows(sql, channel, _listed(but), most)]

    def has_loud(self, channel: str, but: Collection[int] = ()) -> bool:
        """Whether an alarm waits for a channel, but for some."""
        sql = f"SELECT 1 FROM deliveries WHERE channel = ? AND dead = 0 AND loud{_BUT} LIMIT 1"  # noqa: S608 - the text is ours
        return self._file.row(sql, channel, _listed(but)) is not None

    def taken(self, channel: str, seqs: Sequence[int]) -> None:
        """They were delivered."""
        with self.at_once():
            gone = sum(self._file.do("DELETE FROM deliveries WHERE seq = ? AND NOT dead", seq) for seq in seqs)
            self._counts[channel] = max(0, self._counts.get(channel, 0) - gone)

    def failed(self, seqs: Sequence[int]) -> None:
        """They were sent in vain."""
        with self.at_once():
            for seq in seqs:
                self._file.do("UPDATE deliveries SET tries = tries + 1 WHERE seq = ?", seq)

    def bury(self, channel: str, seqs: Sequence[int], why: str) -> None:
        """They are given up: dead letters."""
        with self.at_once():
            gone = sum(self._file.do("UPDATE deliveries SET dead = 1, why = ? WHERE seq = ? AND NOT dead", why, seq) for seq in seqs)
            self._counts[channel] = max(0, self._counts.get(channel, 0) - gone)
            self._delete_oldest_dead()

    def bury_all_but(self, channels: Sequence[str], why: str) -> int:
        """What waits for channels that there are no more is given up; how much."""
        marks = ", ".join("?" for _ in channels)
        with self.at_once():
            gone = self._file.do(f"UPDATE deliveries SET dead = 1, why = ? WHERE NOT dead AND channel NOT IN ({marks})", why, *channels)  # noqa: S608 - marks
            self._file.do(f"DELETE FROM armed WHERE channel NOT IN ({marks})", *channels)  # noqa: S608 - marks
            for channel in set(self._counts) - set(channels):
                self._counts[channel] = 0
            self._delete_oldest_dead()
        return gone

    def dead(self, channel: str | None = None) -> list[Row]:
        """The dead letters, of one channel or of all, oldest first."""
        sql = "SELECT seq, made_s, tries, why, body FROM deliveries WHERE dead"
        rows = self._file.rows(sql + " ORDER BY seq") if channel is None else self._file.rows(sql + " AND channel = ? ORDER BY seq", channel)
        return [_row(row) for row in rows]

    def retry(self, seqs: Sequence[int], wall_s: float) -> int:
        """Dead letters wait again, in their old order; how many."""
        with self.at_once():
            found = sum(
                self._file.do("UPDATE deliveries SET dead = 0, tries = 0, why = '', made_s = ? WHERE seq = ? AND dead", wall_s, seq) for seq in seqs
            )
        self.count_anew()
        return found

    def count_anew(self) -> None:
        """Counts what waits: another process may have changed it."""
        with self._file.lock:
            rows = self._file.rows("SELECT channel, COUNT(*) FROM deliveries WHERE dead = 0 GROUP BY 1")
            self._counts = {str(channel): int(count) for channel, count in rows}

    def counts(self, channel: str) -> tuple[int, int]:
        """How many wait for a channel, and how many dead letters of it there are."""
        row = self._file.row("SELECT COALESCE(SUM(NOT dead), 0), COALESCE(SUM(dead), 0) FROM deliveries WHERE channel = ?", channel)
        return (0, 0) if row is None else (int(row[0]), int(row[1]))

    def arm(self, armed: Armed) -> None:
        """A channel of escalation is told of an alert unless it is disarmed. What is armed stays as it is."""
        self._file.do("INSERT OR IGNORE INTO armed VALUES (?, ?, ?, ?)", armed.alert, armed.channel, armed.number, armed.made_s)

    def disarm(self, alert: str, channel: str | None = None) -> None:
        """No channel of escalation, or one not, is told of the alert."""
        if channel is None:
            self._file.do("DELETE FROM armed WHERE alert = ?", alert)
        else:
            self._file.do("DELETE FROM armed WHERE alert = ? AND channel = ?", alert, channel)

    def armed(self) -> list[Armed]:
        """All that is armed."""
        return [
            Armed(str(row[0]), str(row[1]), int(row[2]), float(row[3])) for row in self._file.rows("SELECT alert, channel, number, made_s FROM armed")
        ]

    def _delete_oldest_dead(self) -> None:
        dead = self._file.row("SELECT COUNT(*) FROM deliveries WHERE dead")
        if dead is not None and (over := int(dead[0]) - MOST_DEAD) > 0:
            oldest = self._file.rows("SELECT seq, channel FROM deliveries WHERE dead ORDER BY seq LIMIT ?", over)
            for seq, channel in oldest:
                self._file.do("DELETE FROM deliveries WHERE seq = ?", seq)
                self.lost[channel] = self.lost.get(channel, 0) + 1

    def _delete_at_once(self, days: Sequence[int]) -> int:
        with self.at_once():
            return sum(
                self._file.do(f"DELETE FROM {table} WHERE {of_day}", *[day] * of_day.count("?"))  # noqa: S608 - the text is ours
                for day in days
                for table, _, of_day in _DUE
            )

    def _delete_bit_by_bit(self, days: Sequence[int]) -> int:
        """What a crash leaves of it is found by its day again: who was told goes before what is known."""
        return sum(
            self._file.do_bit_by_bit(
                f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {of_day} LIMIT ?)",  # noqa: S608 - the text is ours
                *[day] * of_day.count("?"),
            )
            for day in days
            for table, key, of_day in _DUE
        )

    def _kept(self) -> Callable[[], None]:
        """Puts back what is remembered as it is now."""
        counts, lost = dict(self._counts), dict(self.lost)

        def put_back() -> None:
            self._counts, self.lost = counts, lost

        return put_back


def _listed(seqs: Collection[int]) -> str:
    return msgspec.json.encode(sorted(seqs)).decode()


def _row(row: tuple[Any, ...]) -> Row:
    return Row(int(row[0]), float(row[1]), int(row[2]), str(row[3]), decoded(row[4]))
