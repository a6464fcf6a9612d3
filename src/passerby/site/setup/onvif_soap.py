"""The adapter to onvif-zeep-async, which is met here only: calls of a device's services, each bounded in time and size, and never redirected.

What goes out: WS-UsernameToken with a digest, and HTTP digest where the device asks for it; a password never goes out as it is. What comes back is
first read by `plain_xml`, so that the library sees no document type, nothing huge and nothing deep. Certificates are not checked: cameras sign their
own.
"""

import asyncio
import importlib
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, Protocol, Self

from passerby.errors import SettingsError
from passerby.site.setup.offer import Login
from passerby.site.setup.plain_xml import MOST_BYTES, XmlError, parse_plain

CALL_S: Final = 8.0
"""Most seconds of one call."""
_SERVICES: Final = {"devicemgmt": "DeviceBinding", "media": "MediaBinding"}
_LOGGERS: Final = ("onvif", "zeep", "aiohttp", "asyncio")


class CallError(Exception):
    """A device did not answer a call as it should: why, in words of ours."""


@dataclass(frozen=True)
class Library:
    """The modules of the optional extra."""

    client: Any
    util: Any
    http: Any
    wsdl: Any
    namespaces: Mapping[str, str]


class Calls(Protocol):
    """A service: what it is asked, what it says."""

    async def call(self, operation: str, arguments: dict[str, Any] | None = None, *, openly: bool = False) -> Any:
        """What the device answers; raises CallError."""


def library() -> Library:
    """The library.

    Raises:
        SettingsError: It is not installed.
    """
    root = logging.getLogger()
    before = list(root.handlers)
    try:
        client = importlib.import_module("onvif.client")
        util, http, wsdl = (importlib.import_module(name) for name in ("onvif.util", "aiohttp", "zeep.wsdl.utils"))
    except ImportError as error:
        raise SettingsError("asking cameras by ONVIF needs a library that is not installed", "pip install 'passerby[onvif]'") from error
    # It sets up the root logger when it is imported, and logs whole messages: they hold names of users.
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    namespaces = {name: str(client.SERVICES[name]["ns"]) for name in _SERVICES}
    return Library(client, util, http, wsdl, namespaces)


class Conversation:
    """Calls of one device's services, over one session. Use it as an asynchronous context.

    Args:
        modules: The library.
        login: User and password; None = only what a device tells everybody.
    """

    def __init__(self, modules: Library, login: Login | None) -> None:
        self._modules = modules
        self._login = login
        self._clock_off: timedelta | None = None
        self._services: list[Any] = []
        self._transport = _Transport(modules, login)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for service in self._services:
            await service.close()
        await self._transport.close()

    def set_clock(self, device_time: datetime) -> None:
        """What time it is at the device: the digest of a password holds for some minutes only, by the device's clock."""
        self._clock_off = device_time - datetime.now(UTC)

    async def service(self, name: str, address: str) -> Calls:
        """A service by its name in `SERVICES` of the library, at an address."""
        modules, login = self._modules, self._login
        definition = modules.client.SERVICES[name]
        folder = Path(modules.client.__file__).with_name("wsdl")
        service = modules.client.ONVIFService(
            address,
            login.user if login else None,
            login.password if login else None,
            str(folder / definition["wsdl"]),
            no_cache=True,
            dt_diff=self._clock_off,
            binding_name=f"{{{definition['ns']}}}{_SERVICES[name]}",
        )
        self._services.append(service)
        service.transport = self._transport
        await service.setup()
        return _Service(modules, service, has_login=login is not None)


class _Service:
    def __init__(self, modules: Library, service: Any, *, has_login: bool) -> None:
        self._modules = modules
        self._service = service
        self._has_login = has_login

    async def call(self, operation: str, arguments: dict[str, Any] | None = None, *, openly: bool = False) -> Any:
        """What the device answers. `openly` = without user and password."""
        try:
            async with asyncio.timeout(CALL_S):
                name = operation if self._has_login and not openly else f"authless_{operation}"
                return await getattr(self._service, name)(arguments)
        except CallError:
            raise
        except TimeoutError:
            raise CallError("no answer in time") from None
        except Exception as error:  # noqa: BLE001 - the library passes on what a hostile answer makes of it; its texts quote the answer
            raise CallError(self._why(error)) from None

    def _why(self, error: Exception) -> str:
        if isinstance(error, self._modules.http.ClientConnectorError):
            return "connection refused, or no route"
        if isinstance(error, self._modules.http.ClientError | OSError):
            return "the connection broke"
        with suppress(Exception):  # it looks through what the device said
            if self._modules.util.is_auth_error(error):
                return "user name or password refused" if self._has_login else "asks for a user name and a password"
        return "gives no answer that can be read"


class _Transport:
    """What zeep sends and receives by; the part of `zeep.transports.AsyncTransport` that a service uses."""

    cache = None

    def __init__(self, modules: Library, login: Login | None) -> None:
        self._modules = modules
        self._middlewares = (modules.http.DigestAuthMiddleware(login.user, login.password),) if login else ()
        self._has_login = login is not None
        self._session = modules.http.ClientSession(
            connector=modules.http.TCPConnector(ssl=False),
            timeout=modules.http.ClientTimeout(total=CALL_S),
            auto_decompress=False,
            cookie_jar=modules.http.DummyCookieJar(),
        )

    async def close(self) -> None:
        await self._session.close()

    async def aclose(self) -> None:
        """Nothing: the session is the conversation's."""

    async def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> SimpleNamespace:
        """The device's answer to a message, as zeep wants it.

        Raises:
            CallError: It redirects, answers with what is no XML of ours, or refuses user and password.
        """
        body = self._modules.wsdl.etree_to_string(envelope)
        sent = {**headers, "Accept-Encoding": "identity"}
        async with self._session.post(address, data=body, headers=sent, allow_redirects=False, middlewares=self._middlewares) as answer:
            data = await _bounded(answer)
        if answer.status in (401, 403):
            raise CallError("user name or password refused" if self._has_login else "asks for a user name and a password")
        if 300 <= answer.status < 400:
            raise CallError("redirects to another address, which is not followed")
        try:
            parse_plain(data)
        except XmlError:
            raise CallError("gives no answer that can be read") from None
        return SimpleNamespace(status_code=answer.status, content=data, headers={"Content-Type": "text/xml"}, encoding="utf-8")


async def _bounded(answer: Any) -> bytes:
    data = bytearray()
    async for piece in answer.content.iter_chunked(1 << 16):
        data += piece
        if len(data) > MOST_BYTES:
            raise CallError("its answer is too large")
    return bytes(data)
