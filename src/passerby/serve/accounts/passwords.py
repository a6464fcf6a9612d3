"""Passwords: what is taken for one, and its slow hash. The only module that knows argon2.

Argon2id with the second parameters that RFC 9106 recommends: 64 MiB, three passes. A check takes a tenth of a second and this much memory, so checks
run one after another, in a thread, and only a few may wait.
"""

import threading
import unicodedata
from collections.abc import Callable
from typing import Final

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from passerby.errors import SettingsError

LEAST_LETTERS: Final = 12
MOST_LETTERS: Final = 256
LEAST_DIFFERENT: Final = 5
MOST_WAITING: Final = 8
"""Checks at once, the one that runs included; beyond, who asks is told to come again."""


class BusyError(Exception):
    """Too many passwords are being checked."""


def password_of(text: str) -> str:
    """The text as it is hashed: NFKC, so that it does not depend on the keyboard (NIST SP 800-63B-4, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", text)


def require_password(text: str) -> str:
    """The password that the text is.

    Raises:
        SettingsError: It is too short, too long or too simple. It is not quoted.
    """
    password = password_of(text)
    if not LEAST_LETTERS <= len(password) <= MOST_LETTERS:
        raise SettingsError(
            f"a password has {LEAST_LETTERS} to {MOST_LETTERS} characters", "four words that nobody else would put together, for instance"
        )
    if any(unicodedata.category(letter) == "Cc" for letter in password):
        raise SettingsError("a password is one line without control characters", "it was read from standard input up to the first line break")
    if len(set(password.casefold())) < LEAST_DIFFERENT:
        raise SettingsError(f"a password has at least {LEAST_DIFFERENT} different characters", "four words, for instance")
    return password


def hash_of(password: str) -> str:
    """The hash that is kept of a password."""
    return PasswordHasher().hash(password)


def is_hash(text: str) -> bool:
    """Whether a text is such a hash."""
    try:
        PasswordHasher().check_needs_rehash(text)
    except InvalidHashError:
        return False
    return text.startswith("$argon2id$")


def matches(kept: str, text: str) -> bool:
    """Whether a text is the password. Takes the same time whether it is or not; a hash that is none, and a text that cannot be one, are none."""
    try:
        return PasswordHasher().verify(kept, password_of(text[: 4 * MOST_LETTERS]))
    except (Argon2Error, InvalidHashError, UnicodeError):
        return False


class PasswordChecks:
    """Checks passwords one after another. Of one event loop.

    Args:
        check: What checks.
    """

    def __init__(self, check: Callable[[str, str], bool] = matches) -> None:
        self._check = check
        self._one = threading.Lock()
        self._limiter: anyio.CapacityLimiter | None = None
        self._waiting = 0

    async def matches(self, kept: str, text: str) -> bool:
        """As `matches`, in a thread.

        Raises:
            BusyError: Too many wait.
        """
        if self._waiting >= MOST_WAITING:
            raise BusyError
        if self._limiter is None:  # belongs to the loop that it is made in
            self._limiter = anyio.CapacityLimiter(1)
        self._waiting += 1
        try:
            return await anyio.to_thread.run_sync(self._alone, kept, text, limiter=self._limiter)
        finally:
            self._waiting -= 1

    def _alone(self, kept: str, text: str) -> bool:
        with self._one:
            return self._check(kept, text)
