"""`accounts.json` in the state folder: the password's hash and the tokens' digests. Only its owner can read it.

    {"format":1,"password":{"hash":"$argon2id$v=19$m=65536,t=3,p=4$...","id":"9f2c...","set_s":1795434960.2},
     "tokens":[{"name":"wall","digest":"5e88...64 hexadecimal digits","rights":["watch"],"made_s":1795434961.0}]}

No file: there are no accounts, and only this machine is answered. A file that cannot be read, is damaged or could have been written by others: nobody
gets in. So it is when the file goes away while it is in use.
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from passerby.released.durable import replace_file
from passerby.released.partial_file import output_error
from passerby.serve.accounts.passwords import is_hash
from passerby.serve.accounts.rights import TOKEN_RIGHTS, Right
from passerby.serve.accounts.tokens import MOST_TOKENS, NAME

ONLY_OURS: Final = 0o600
MOST_BYTES: Final = 100_000
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Password(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The operator's password.

    Attributes:
        hash: As `passwords.hash_of` gives it.
        id: Another one with each password: sessions of the one before end.
        set_s: When, by the wall clock.
    """

    hash: str
    id: Annotated[str, msgspec.Meta(min_length=16, max_length=64)]
    set_s: float

    def __repr__(self) -> str:
        return "Password(***)"


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token that is in force.

    Attributes:
        name: Its name.
        digest: Of the token.
        rights: What it may be used for.
        made_s: When it was made, by the wall clock.
    """

    name: str
    digest: str
    rights: tuple[Right, ...]
    made_s: float

    def __repr__(self) -> str:
        return f"Token({self.name!r}, ***)"


class Accounts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is known of accounts."""

    format: Literal[1]
    password: Password
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """Accounts cannot be told from others: nobody gets in.

    Attributes:
        why: In plain words, for the log and for whoever asks.
        passing: Whether the next look may find something else, though the file is the same: the system could not read it.
    """

    why: str
    passing: bool = False


def read_accounts(path: Path) -> Accounts | Closed | None:
    """What there is: accounts; none at all; or something that nobody may get in with."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Closed(f"accounts.json cannot be read: {error.strerror}", passing=True)
    try:
        known = os.fstat(descriptor)
        if not stat.S_ISREG(known.st_mode) or known.st_mode & _OTHERS_WRITE or known.st_uid not in (os.geteuid(), 0):
            return Closed("accounts.json could have been written by others")
        data = os.read(descriptor, MOST_BYTES + 1)
    except OSError as error:
        return Closed(f"accounts.json cannot be read: {error.strerror}", passing=True)
    finally:
        os.close(descriptor)
    found = _parsed(data)
    return Closed("accounts.json is damaged") if found is None else found


def write_accounts(path: Path, accounts: Accounts) -> None:
    """Keeps accounts, at once and as a whole.

    Raises:
        OutputError: They could not be kept; those of before still are.
    """
    try:
        replace_file(path, msgspec.json.encode(accounts) + b"\n", ONLY_OURS)
    except OSError as error:
        raise output_error(path, error) from error


def _parsed(data: bytes) -> Accounts | None:
    if len(data) > MOST_BYTES:
        return None
    try:
        found = msgspec.json.decode(data, type=Accounts)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    names = {token.name for token in found.tokens}
    good = (
        is_hash(found.password.hash)
        and len(names) == len(found.tokens) <= MOST_TOKENS
        and all(NAME.fullmatch(one.name) and _DIGEST.fullmatch(one.digest) and set(one.rights) <= TOKEN_RIGHTS for one in found.tokens)
    )
    return found if good else None


class AccountsNow:
    """The accounts of this moment: the file is read again when it changed, so that a token that was revoked is refused from the next request on.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: Accounts | Closed | None = None
        self._mark: tuple[int, ...] | None = None
        self._there_were = False

    def now(self) -> Accounts | Closed | None:
        """What there is."""
        mark = self._looked()
        if mark is None or mark != self._mark:
            self._known, self._mark = read_accounts(self._path), mark
            if isinstance(self._known, Closed) and self._known.passing:
                self._mark = None
        if self._known is None and self._there_were:
            return Closed("accounts.json is gone")
        self._there_were = self._there_were or self._known is not None
        return self._known

    def _looked(self) -> tuple[int, ...] | None:
        """By what a change is seen: each change is a new file."""
        try:
            found = self._path.lstat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode
