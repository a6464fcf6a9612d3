"""`passerby drill` asks a running site for an exercise, and looks on: when the alert was in the inbox, and what each channel said of it.

It asks over HTTP, as a page does: at the machine without a login where there are no accounts, else with the operator's password, which it gives back
by logging out. It sees what anybody sees who may watch.
"""

import contextlib
import http.client
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from passerby.clock import Clock
from passerby.errors import InputError, SettingsError
from passerby.hazards.alert import Severity
from passerby.site.settings import Server

OURS: Final = {"X-Passerby": "1", "Content-Type": "application/json"}
WITHIN_S: Final = 10.0
LOOK_EVERY_S: Final = 0.1
MOST_BYTES: Final = 4_000_000
DELIVERED: Final = "delivered"
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on
_STATUS: Final = {"unauthorised": 401, "missing": 404}


class Refused(Exception):  # noqa: N818 - an answer, which somebody else makes an error of
    """The site refuses: with which status, and in which words."""

    def __init__(self, status: int, detail: str, do: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.do = status, detail, do


class SiteClient:
    """Asks a running site. A context.

    Args:
        url: Where its pages are.
        server: Of the site file: its own certificate is trusted.
    """

    def __init__(self, url: str, server: Server) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
            raise SettingsError(f"'{url}' is no address of a site", "such as https://passerby.example.org")
        self._cookie = ""
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=WITHIN_S, context=_trusting(server, parts.hostname))
        else:
            self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=WITHIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._cookie:
            with contextlib.suppress(Refused, InputError):
                self.ask("POST", "/logout")
        self._connection.close()

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """The answer, as JSON; None = there is none.

        Raises:
            Refused: It is refused.
            InputError: The site does not answer.
        """
        headers = dict(OURS) | ({"Cookie": self._cookie} if self._cookie else {})
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self._connection.getresponse()
            data = answer.read(MOST_BYTES)
            self._cookie = _cookie_of(answer) or self._cookie
            if answer.will_close:
                self._connection.close()
            told = json.loads(data) if data else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise InputError(f"the site does not answer: {why}", "it must run; give --url if it is asked for by another address") from error
        if not 200 <= answer.status < 300:
            words = told if isinstance(told, dict) else {}
            raise Refused(answer.status, str(words.get("detail", "")) or f"status {answer.status}", str(words.get("do", "")))
        return told

    def log_in(self, password: str) -> None:
        """Logs in as the operator. Raises Refused, InputError."""
        self.ask("POST", "/login", {"password": password})


@dataclass(slots=True)
class Drilled:
    """What became of an exercise.

    Attributes:
        alert: Id of its alert.
        place: Rule, camera and zone.
        severity: How urgent.
        in_inbox_s: After how long it was in the inbox, written down; None = it was not.
        told: What channels said, by id, and after how long.
        waits: Channels that were to tell and have said nothing.
        others: Channels that tell nothing of it, or not at once, and why.
        closed_s: After how long it closed itself; None = it was not waited for, or it did not.
    """

    alert: str
    place: str
    severity: str
    in_inbox_s: float | None = None
    told: dict[str, tuple[str, float]] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)
    closed_s: float | None = None

    @property
    def is_well(self) -> bool:
        """Whether all went as it should."""
        return self.in_inbox_s is not None and not self.waits and all(words == DELIVERED for words, _ in self.told.values())

    def lines(self) -> Iterator[str]:
        """The same for people."""
        yield f"exercise {self.alert}, {self.severity}, {self.place}"
        yield "inbox: " + (f"there after {self.in_inbox_s:.1f} s" if self.in_inbox_s is not None else "NOT THERE")
        for channel, (words, after_s) in sorted(self.told.items()):
            yield f"{channel}: {words} after {after_s:.1f} s"
        for channel in self.waits:
            yield f"{channel}: NOT TOLD in time"
        for channel, why in sorted(self.others.items()):
            yield f"{channel}: {why}"
        if not self.told and not self.waits and not self.others:
            yield "the site has no channels: nobody is told"
        if self.closed_s is not None:
            yield f"closed itself after {self.closed_s:.1f} s"


@dataclass(frozen=True, slots=True)
class DrillOrder:
    """What is asked for: rule and severity as in `DrillWish`, how long it lasts, how long channels are waited for, whether its close is."""

    rule: str | None = None
    severity: Severity | None = None
    lasts_s: float = 30.0
    within_s: float = 30.0
    until_closed: bool = False


def url_of(server: Server) -> str:
    """Where a site's own machine finds its pages, as the site file says it.

    Raises:
        SettingsError: The file does not say it.
    """
    if not server.port or server.behind_proxy:
        raise SettingsError("the site file does not say where its pages are found", "give --url, as the browser does")
    host = _ANY.get(server.host, server.host)
    return f"{'https' if server.certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{server.port}"


def drilled(client: SiteClient, order: DrillOrder, clock: Clock, password: Callable[[], str]) -> Drilled:
    """Has an exercise done, and looks on.

    Args:
        client: Asks the site.
        order: What is asked for.
        clock: Time.
        password: Tells the operator's password, where the site wants one.

    Raises:
        Refused: The site refuses.
        InputError: It does not answer.
    """
    wish = {"rule": order.rule, "severity": order.severity, "lasts_s": order.lasts_s}
    try:
        begun = client.ask("POST", "/api/alerts/drill", wish)
    except Refused as refused:
        if refused.status != _STATUS["unauthorised"]:
            raise
        client.log_in(password())
        begun = client.ask("POST", "/api/alerts/drill", wish)
    where = "/".join(part for part in (begun["camera"], begun["place"]) if part)
    found = Drilled(begun["alert"], f"as rule '{begun['rule']}' at {where}", begun["severity"])
    found.waits = [one["channel"] for one in begun["channels"] if not one["but"]]
    found.others = {one["channel"]: one["but"] for one in begun["channels"] if one["but"]}
    _look_on(client, found, order, clock)
    return found


def _look_on(client: SiteClient, found: Drilled, order: DrillOrder, clock: Clock) -> None:
    begun_s = clock.monotonic_s()
    until_s = begun_s + max(order.within_s, order.lasts_s + WITHIN_S if order.until_closed else 0.0)
    while (now_s := clock.monotonic_s()) < until_s:
        alert = _alert(client, found.alert)
        if alert is not None:
            found.in_inbox_s = now_s - begun_s if found.in_inbox_s is None else found.in_inbox_s
            for one in alert["told"]:
                found.told.setdefault(one["channel"], (one["words"], max(0.0, one["at_s"] - alert["opened_s"])))
            found.waits = [channel for channel in found.waits if channel not in found.told]
            found.closed_s = None if alert["closed_s"] is None else alert["closed_s"] - alert["opened_s"]
            if not found.waits and (found.closed_s is not None or not order.until_closed):
                return
        clock.sleep(LOOK_EVERY_S if now_s - begun_s < 5.0 else 1.0)


def _alert(client: SiteClient, alert: str) -> Any:
    """The alert; None = it is not there yet."""
    try:
        return client.ask("GET", f"/api/alerts/{alert}")
    except Refused as refused:
        if refused.status == _STATUS["missing"]:
            return None
        raise


def _trusting(server: Server, host: str) -> ssl.SSLContext:
    """Trusts the system's authorities and the site's own certificate. At this machine a certificate for another name will do, if it is that one."""
    context = ssl.create_default_context()
    if server.certificate is not None and server.certificate.is_file():
        try:
            context.load_verify_locations(server.certificate)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError("the site's certificate cannot be read", "give --url with a name that the certificate is for") from error
        if host in {"127.0.0.1", "::1", "localhost"}:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(server.certificate)
            context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _cookie_of(answer: http.client.HTTPResponse) -> str:
    """Names and values of the cookies that are set."""
    return "; ".join(one.partition(";")[0].strip() for one in answer.headers.get_all("set-cookie") or ())
