"""Changes of the accounts: one at a time whatever process makes them, written into the receipts before they take effect (invariant I7)."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from passerby.clock import Clock
from passerby.errors import OutputError, SettingsError
from passerby.record.receipts import Act, FileReceipts, Receipt, ReceiptSink
from passerby.serve.accounts.passwords import hash_of, require_password
from passerby.serve.accounts.rights import TOKEN_RIGHTS, Right
from passerby.serve.accounts.store import Accounts, Closed, Password, Token, read_accounts, write_accounts
from passerby.serve.accounts.tokens import MOST_TOKENS, NAME, digest_of, new_token
from passerby.site.reach import ACCOUNTS

LOCK: Final = "accounts.lock"
RECEIPTS: Final = "receipts.jsonl"
_FOLDER_MODE: Final = 0o700


class AccountChanges:
    """The accounts of a state folder, as they are while nobody else changes them.

    Args:
        path: accounts.json.
        receipts: Where changes are written down.
        clock: Time.
        by: Who changes them.
    """

    def __init__(self, path: Path, receipts: ReceiptSink, clock: Clock, by: str) -> None:
        self._path, self._receipts, self._clock, self._by = path, receipts, clock, by

    def set_password(self, text: str) -> bool:
        """Sets the operator's password: all sessions end. Whether there was one before.

        Raises:
            SettingsError: It is no password, or what is known of accounts is damaged.
            ReceiptError: It could not be written down.
            OutputError: It could not be kept.
        """
        password = require_password(text)
        before = self._read()
        kept = Password(hash_of(password), secrets.token_hex(16), self._clock.wall_s())
        self._note("password set anew: all sessions end" if before else "password set: from now on, who asks has to log in")
        write_accounts(self._path, Accounts(1, kept, before.tokens if before else ()))
        return before is not None

    def add_token(self, name: str, rights: frozenset[Right]) -> str:
        """A new token. It cannot be had again.

        Raises:
            SettingsError: The name or the rights make no sense, the name is taken, or there is no password yet.
            ReceiptError: It could not be written down.
            OutputError: It could not be kept.
        """
        if not NAME.fullmatch(name):
            raise SettingsError("a token's name has 1 to 40 small letters, digits and dashes", "name it after what uses it, such as 'wall-entrance'")
        if not rights or not rights <= TOKEN_RIGHTS:
            raise SettingsError(f"a token's rights are {', '.join(sorted(TOKEN_RIGHTS))}", "what changes something needs a person who logged in")
        before = self.accounts()
        if any(token.name == name for token in before.tokens):
            raise SettingsError(f"there is a token '{name}' already", "take another name, or revoke that one first")
        if len(before.tokens) >= MOST_TOKENS:
            raise SettingsError(f"there are {MOST_TOKENS} tokens, which is the most", "revoke those that nothing uses")
        secret = new_token()
        given = tuple(sorted(rights))
        self._note(f"token {name} added: {', '.join(given)}")
        token = Token(name, digest_of(secret), given, self._clock.wall_s())
        write_accounts(self._path, msgspec.structs.replace(before, tokens=(*before.tokens, token)))
        return secret

    def revoke_token(self, name: str) -> None:
        """Ends a token, at once.

        Raises:
            SettingsError: There is none of that name.
            ReceiptError: It could not be written down.
            OutputError: It could not be kept.
        """
        before = self.accounts()
        if all(token.name != name for token in before.tokens):
            raise SettingsError("there is no token of that name", "passerby account token list tells them")
        self._note(f"token {name} revoked")
        write_accounts(self._path, msgspec.structs.replace(before, tokens=tuple(one for one in before.tokens if one.name != name)))

    def accounts(self) -> Accounts:
        """What there is. Raises SettingsError where there is no password, or what is there is damaged."""
        found = self._read()
        if found is None:
            raise SettingsError("there is no password yet", "set one first: passerby account password site.toml")
        return found

    def _read(self) -> Accounts | None:
        found = read_accounts(self._path)
        if isinstance(found, Closed):
            raise SettingsError(f"{found.why}: '{self._path}'", "nobody gets in meanwhile; restore it, or move it away and set the password anew")
        return found

    def _note(self, why: str) -> None:
        self._receipts.write(Receipt(kind=Act.ACCOUNTS, wall_s=self._clock.wall_s(), by=self._by, why=why))


@contextlib.contextmanager
def account_changes(state: Path, clock: Clock, by: str) -> Iterator[AccountChanges]:
    """The accounts of a state folder, which is made where there is none. Inside, nobody else changes them.

    Raises:
        OutputError: The folder cannot be written, or belongs to another user.
        ReceiptError: The receipts cannot be written.
    """
    try:
        state.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
        owner = state.stat().st_uid
    except OSError as error:
        raise _cannot_write(state, error) from error
    if owner != os.geteuid():
        raise OutputError(
            f"the state folder '{state}' belongs to another user, number {owner}",
            "run this as the user that runs Passerby, such as sudo -u passerby: it could not read what you write",
        )
    try:
        lock = os.open(state / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _cannot_write(state, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield AccountChanges(state / ACCOUNTS, FileReceipts(state / RECEIPTS), clock, by)
    finally:
        os.close(lock)


def _cannot_write(state: Path, error: OSError) -> OutputError:
    return OutputError(f"the state folder '{state}' cannot be written: {error.strerror}", "nothing was changed")
