"""Who asks, and what they may: password, sessions and tokens put together. Knows no web framework."""

import getpass
import math
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio.to_thread

from passerby.clock import Clock
from passerby.serve.accounts.limits import ASKING, CHANGING, LOGIN, STRANGERS, TELLING, Limit, network_of
from passerby.serve.accounts.passwords import BusyError, PasswordChecks
from passerby.serve.accounts.rights import ALL, Account, Kind
from passerby.serve.accounts.sessions import FILE, LASTS_S, Sessions
from passerby.serve.accounts.store import Accounts, AccountsNow, Closed
from passerby.serve.accounts.tokens import digest_of, same, token_in
from passerby.serve.accounts.way import Way
from passerby.site.reach import ACCOUNTS
from passerby.supervise.journal import Journal

OPERATOR: Final = "operator"
COOKIE: Final = "passerby"
SECURE_COOKIE: Final = "__Host-passerby"
"""Under TLS. A browser takes this name from a secure answer of exactly this host only, so nobody can plant one."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A login that was refused.

    Attributes:
        status: HTTP status.
        detail: Why.
        do: What to do.
        wait_s: When another may be tried; 0 = at once.
    """

    status: int
    detail: str
    do: str = ""
    wait_s: int = 0


class Access:
    """Who asks, and what they may.

    Args:
        state: The state folder; None = there are no accounts and none can come, as in tests.
        others_reach_it: Whether other machines can: without accounts, nobody is answered then.
        clock: Time.
        journal: Is told of logins, refused ones too, and never with what.
    """

    def __init__(self, state: Path | None, *, others_reach_it: bool, clock: Clock, journal: Journal) -> None:
        self._others_reach_it, self._journal = others_reach_it, journal
        self._accounts = None if state is None else AccountsNow(state / ACCOUNTS)
        self._sessions = None if state is None else Sessions(state / FILE, clock)
        self._machine = Account(user_of_machine(), Kind.MACHINE, ALL)
        self._checks = PasswordChecks()
        self._logins, self._telling, self._strangers = Limit(LOGIN, clock), Limit(TELLING, clock), Limit(STRANGERS, clock)
        self._asking, self._changing = Limit(ASKING, clock), Limit(CHANGING, clock)
        self._told = ""

    def accounts(self) -> Accounts | Closed | None:
        """What there is; None = no accounts, and this machine only."""
        found = None if self._accounts is None else self._accounts.now()
        if found is None and self._others_reach_it:
            found = Closed("there is no password, and others can reach this server")
        if isinstance(found, Closed) and found.why != self._told:
            self._journal.error("nobody gets in", why=found.why)
        self._told = found.why if isinstance(found, Closed) else ""
        return found

    def who(self, authorization: str | None, cookies: str, *, secure: bool) -> Account | Closed | None:
        """Who shows this; None = nobody that is known.

        Args:
            authorization: The Authorization header; None = there is none. Where there is one, cookies do not count.
            cookies: The Cookie header.
            secure: Whether the way was TLS.
        """
        accounts = self.accounts()
        if accounts is None:
            return self._machine
        if isinstance(accounts, Closed):
            return accounts
        if authorization is not None:
            secret = token_in(authorization)
            return None if secret is None else _token(accounts, digest_of(secret))
        secret = cookie_in(cookies, secure=secure)
        if secret is None or self._sessions is None:
            return None
        session = self._sessions.find(secret, accounts.password.id)
        return None if session is None else Account(OPERATOR, Kind.SESSION, ALL, session.digest)

    def still(self, account: Account) -> bool:
        """Whether an account that was let in still would be: its session is not over, its token not revoked."""
        accounts = self.accounts()
        if account.kind is Kind.MACHINE:
            return accounts is None
        if not isinstance(accounts, Accounts):
            return False
        if account.kind is Kind.TOKEN:
            return _token(accounts, account.proof) == account
        return self._sessions is not None and self._sessions.still(account.proof, accounts.password.id) is not None

    async def log_in(self, password: str, way: Way, cookies: str) -> str | Refused:
        """What the browser is to show from now on, or why not. A session that it showed before ends."""
        accounts = self.accounts()
        if not isinstance(accounts, Accounts) or self._sessions is None:
            return closed_words(accounts) if isinstance(accounts, Closed) else Refused(409, "There are no accounts here: nobody has to log in.")
        network = network_of(way.address)
        wait_s = self._logins.wait_s(network)
        if wait_s > 0:
            if self._telling.wait_s(network) == 0:
                self._journal.warning("login refused", why="too many tries", address=way.address)
            return Refused(429, "Too many wrong passwords from your network.", f"Try again in {_seconds(wait_s)}.", math.ceil(wait_s))
        try:
            right = await self._checks.matches(accounts.password.hash, password)
        except BusyError:
            return Refused(503, "Too many people log in at once.", "Try again in a moment.", 2)
        if not right or self.accounts() != accounts:
            self._journal.warning("login refused", why="wrong password", address=way.address)
            return Refused(401, "That is not the password.", "Capital letters matter, and so do spaces.")
        self._logins.forgive(network)
        await self.log_out(cookies, secure=way.secure)
        secret, kept = await anyio.to_thread.run_sync(self._sessions.begin, accounts.password.id)
        self._journal.info("logged in", account=OPERATOR, address=way.address)
        if not kept:
            self._journal.warning("a session will not outlive a restart: sessions.json cannot be written")
        return secret

    async def log_out(self, cookies: str, *, secure: bool) -> None:
        """Ends the session that a browser shows."""
        secret = cookie_in(cookies, secure=secure)
        if secret is None or self._sessions is None:
            return
        if not await anyio.to_thread.run_sync(self._sessions.end, digest_of(secret)):
            self._journal.error("a session that ended would be good again after a restart: sessions.json can be neither written nor removed")

    def too_often(self, account: Account | None, way: Way, *, changing: bool) -> int:
        """Seconds that somebody has to wait who asks too often; 0 = they do not. Who sits at the machine of a site without accounts is not counted.

        Args:
            account: Who asks; None = somebody who is not known, counted by their network.
            way: Over which way.
            changing: Whether it changes something.
        """
        if account is None:
            return math.ceil(self._strangers.wait_s(network_of(way.address)))
        if account.kind is Kind.MACHINE:
            return 0
        return math.ceil((self._changing if changing else self._asking).wait_s(account.name))


def cookie_in(header: str, *, secure: bool) -> str | None:
    """What a browser shows. Under TLS, only the cookie that was set under TLS counts."""
    name = SECURE_COOKIE if secure else COOKIE
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name and value:
            return value
    return None


def cookie_of(secret: str, *, secure: bool) -> str:
    """The Set-Cookie header that hands over a session; an empty one takes it back."""
    name = SECURE_COOKIE if secure else COOKIE
    age = f"Max-Age={LASTS_S:.0f}" if secret else "Max-Age=0"
    return f"{name}={secret}; Path=/; {age}; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"


def closed_words(closed: Closed) -> Refused:
    """What is said where nobody gets in."""
    return Refused(503, f"Nobody gets in: {closed.why}.", "Whoever runs Passerby finds what to do in its log and in the guide to accounts.")


def user_of_machine() -> str:
    """The user that runs this."""
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return f"user {os.getuid()}"


def _token(accounts: Accounts, digest: str) -> Account | None:
    """The token of that digest. All are compared, so that the time tells nothing."""
    found = None
    for token in accounts.tokens:
        if same(token.digest, digest):
            found = Account(f"token {token.name}", Kind.TOKEN, frozenset(token.rights), token.digest)
    return found


def _seconds(wait_s: float) -> str:
    whole = math.ceil(wait_s)
    return f"{whole} second{'s' if whole != 1 else ''}"
