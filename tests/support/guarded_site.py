"""A running server with accounts, for tests that attack it: the real application, guard and uvicorn; a made-up site behind."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
from argon2 import PasswordHasher
from fastapi import Request
from starlette.responses import StreamingResponse

from passerby.clock import Clock, SimulatedClock, SystemClock
from passerby.serve.accounts.door import Door
from passerby.serve.accounts.rights import Right
from passerby.serve.accounts.store import Accounts, Password, Token, write_accounts
from passerby.serve.accounts.tokens import digest_of, new_token
from passerby.serve.app import application
from passerby.serve.grounds import Grounds
from passerby.serve.http_server import HttpServer
from passerby.serve.painter_process import PainterProcess
from passerby.serve.pictures import LivePicture
from passerby.site.reach import ACCOUNTS, tls_context
from passerby.site.settings import Server
from passerby.supervise.live_places import LivePlaces
from tests.support.journals import KeptJournal
from tests.support.site_now import ToldSite, camera_now, site_now

PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of tests
NAME: Final = "passerby.example"
THROUGH_PROXY: Final = {"host": NAME, "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
OURS: Final = {"x-passerby": "1"}
"""What a page of ours sends with everything that changes something."""


class StillPictures:
    """Stands in for the pictures."""

    watched = ()

    def __init__(self) -> None:
        self.grounds = Grounds(LivePlaces((), lambda _camera: None, SimulatedClock()), PainterProcess(), SimulatedClock())

    def picture(self, camera: str) -> LivePicture | None:
        return LivePicture(b"\xff\xd8 a picture \xff\xd9", 1, 1_000_000.0, 0.0)

    def tick(self) -> None:
        """Nothing to do."""

    def stop(self) -> None:
        """Nothing to end."""


def keep_accounts(state: Path, tokens: Mapping[str, tuple[Right, ...]] | None = None, password: str = PASSWORD) -> dict[str, str]:
    """Writes accounts.json with a hash that is quick to check; the tokens by name."""
    made = {name: new_token() for name in tokens or {}}
    kept = Password(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(password), digest_of(password)[:32], 1.0)
    write_accounts(
        state / ACCOUNTS, Accounts(1, kept, tuple(Token(name, digest_of(made[name]), rights, 1.0) for name, rights in (tokens or {}).items()))
    )
    return made


class GuardedSite:
    """A server with accounts. A context.

    Args:
        state: Its state folder.
        server: Of the site file.
        tokens: API tokens and their rights.
        accounts: Whether there are any.
        clock: Time, of what is guarded.
    """

    def __init__(
        self,
        state: Path,
        server: Server | None = None,
        tokens: Mapping[str, tuple[Right, ...]] | None = None,
        *,
        accounts: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.state, self.settings = state, Server() if server is None else server
        self.tokens = keep_accounts(state, tokens) if accounts else {}
        self.journal = KeptJournal()
        self.clock = SystemClock() if clock is None else clock
        self.door = Door.of(self.settings, state, self.clock, self.journal)
        pictures: Any = StillPictures()
        self.app = application(ToldSite(site_now(camera_now("gate"))), pictures, door=self.door)
        self._add_stand_ins()
        self.ticks = 0
        certificate, key = self.settings.certificate, self.settings.key
        tls = None if certificate is None or key is None else lambda: tls_context(certificate, key)
        self.server = HttpServer(self.app, "127.0.0.1", 0, tls, guarded=True)
        self.server.start()
        self.client = self.new_client()

    def _add_stand_ins(self) -> None:
        """Routes that the tests ask for, whoever else adds such ones."""

        async def flow() -> AsyncIterator[bytes]:
            while True:
                self.ticks += 1
                yield b"tick "
                await asyncio.sleep(0.02)

        @self.app.get("/live/{camera}/{file}.m4s")
        async def endless() -> StreamingResponse:
            return StreamingResponse(flow())

        @self.app.get("/api/recordings/{camera}")
        @self.app.post("/api/recordings/{camera}/viewings")
        async def who(request: Request) -> dict[str, str]:
            return {"account": request.state.account}

        @self.app.get("/not/in/the/table")
        async def hidden() -> str:
            return "nobody sees this"

    def new_client(self, **more: Any) -> httpx.Client:
        """A browser that nobody used before."""
        return httpx.Client(base_url=self.server.address, timeout=20, **more)

    def log_in(self, client: httpx.Client | None = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Logs in."""
        return self.try_password(PASSWORD, client, headers)

    def try_password(self, password: str, client: httpx.Client | None = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Tries to log in."""
        return (client or self.client).post("/login", json={"password": password}, headers={**OURS, **(headers or {})})

    def bearer(self, name: str) -> dict[str, str]:
        """The header that shows a token."""
        return {"authorization": f"Bearer {self.tokens[name]}"}

    def stop(self) -> None:
        """Ends the server."""
        self.client.close()
        self.server.stop(5.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def make_certificate(folder: Path, name: str = "localhost", stem: str = "site") -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    certificate, key = folder / f"{stem}.pem", folder / f"{stem}.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key
