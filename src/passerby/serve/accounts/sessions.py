"""Sessions: who logged in is known again for 12 hours, by 256 random bits in a cookie. Of each, a digest is kept, also over a restart.

`sessions.json` in the state folder, only for its owner:

    {"format":1,"sessions":[{"digest":"5e88...","password":"9f2c...","begun_s":1795434960.2,"until_s":1795478160.2}]}

A file that is damaged holds no session. What cannot be written lives in memory; what has ended is taken out of the file, or the file goes.
"""

import contextlib
import re
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from passerby.clock import Clock
from passerby.released.durable import replace_file
from passerby.serve.accounts.tokens import digest_of, same

FILE: Final = "sessions.json"
LASTS_S: Final = 12 * 3600.0
MOST: Final = 100
MOST_BYTES: Final = 200_000
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class Session(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session.

    Attributes:
        digest: Of what the browser shows.
        password: Id of the password that it was begun with.
        begun_s, until_s: From when to when, by the wall clock.
    """

    digest: str
    password: str
    begun_s: float
    until_s: float


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class _Running:
    """A session and its end by the clock that nobody can set."""

    session: Session
    until_monotonic_s: float


class Sessions:
    """The sessions in force. Of any thread.

    Args:
        path: Their file.
        clock: Time.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.Lock()
        now_s, monotonic_s = clock.wall_s(), clock.monotonic_s()
        self._running = {
            one.digest: _Running(one, monotonic_s + min(one.until_s - now_s, LASTS_S)) for one in _read(path) if one.begun_s <= now_s < one.until_s
        }

    def begin(self, password: str) -> tuple[str, bool]:
        """A new session: what the browser is to show, and whether it was kept for after a restart. Writes, so it may take a moment."""
        secret = secrets.token_urlsafe(32)
        begun_s = self._clock.wall_s()
        session = Session(digest_of(secret), password, begun_s, begun_s + LASTS_S)
        with self._lock:
            self._drop_over()
            while len(self._running) >= MOST:
                del self._running[min(self._running, key=lambda digest: self._running[digest].until_monotonic_s)]
            self._running[session.digest] = _Running(session, self._clock.monotonic_s() + LASTS_S)
            return secret, self._write()

    def find(self, secret: str, password: str) -> Session | None:
        """The session that a browser shows, if it was begun with this password and is not over."""
        return self.still(digest_of(secret), password) if _SECRET.fullmatch(secret) else None

    def still(self, digest: str, password: str) -> Session | None:
        """The session of that digest, if it was begun with this password and is not over."""
        with self._lock:
            running = self._running.get(digest)
        if running is None or not same(running.session.password, password):
            return None
        now_s = self._clock.wall_s()
        # A wall clock that was set back or forth ends a session early, never late.
        is_over = self._clock.monotonic_s() >= running.until_monotonic_s or now_s >= running.session.until_s
        return None if is_over else running.session

    def end(self, digest: str) -> bool:
        """Ends a session. Whether that outlives a restart; false = it could neither be written nor the file removed."""
        with self._lock:
            if self._running.pop(digest, None) is None:
                return True
            self._drop_over()
            if self._write():
                return True
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
                return True
            return False

    def __len__(self) -> int:
        return len(self._running)

    def _drop_over(self) -> None:
        now_s = self._clock.monotonic_s()
        self._running = {digest: one for digest, one in self._running.items() if one.until_monotonic_s > now_s}

    def _write(self) -> bool:
        data = msgspec.json.encode(_File(1, tuple(one.session for one in self._running.values())))
        try:
            replace_file(self._path, data, 0o600)
        except OSError:
            return False
        return True


def _read(path: Path) -> tuple[Session, ...]:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MOST_BYTES), type=_File).sessions[:MOST]
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
