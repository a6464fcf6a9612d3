"""Who is told in tests of channels: a real HTTP server, a real MQTT broker with somebody who listens, a real SMTP server; and sites with channels."""

import contextlib
import email
import email.policy
import queue
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import msgspec
import paho.mqtt.client as paho
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from paho.mqtt.enums import CallbackAPIVersion

from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.channels.delivery import Delivery, Letter
from passerby.hazards.channels.signature import verifies
from passerby.site.reading import read_site
from passerby.site.settings import Site
from tests.support.site_files import SITE, camera_table, write_site

SECRET = "a secret that is long enough"  # noqa: S105 - of a server that does not exist
BROKER = Path(__file__).with_name("mqtt_broker_process.py")


def until(holds: Callable[[], object], within_s: float = 20.0) -> None:
    """Returns once it holds."""
    end_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end_s, "it never held"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class HttpReceiver:
    """An HTTP server that takes letters, or fails in a way of one's choice.

    Attributes:
        answer: The status of the next answers; 0 = none, it hangs; -1 = the connection is broken off.
        letters: What was taken, in order, doubles too.
        wrong: Requests without a right signature.
        requests: All requests.
    """

    def __init__(self, answer: int = 204, port: int = 0, tls: tuple[Path, Path] | None = None) -> None:
        self.answer = answer
        self.letters: list[Letter] = []
        self.headers: list[dict[str, str]] = []
        self.wrong = self.requests = 0
        self.refuses: Callable[[Letter], bool] = lambda _: False
        self.let_go = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests += 1
                status = receiver.answer
                if not verifies(SECRET, body, self.headers.get("Passerby-Signature", ""), time.time()):
                    receiver.wrong += 1
                letter = msgspec.json.decode(body, type=Letter)
                if status == 0:
                    receiver.let_go.wait(60)
                    return
                if status == -1:
                    self.close_connection = True
                    self.connection.close()
                    return
                if 200 <= status < 300 and receiver.refuses(letter):
                    status = 422
                if 200 <= status < 300:
                    receiver.letters.append(letter)
                    receiver.headers.append(dict(self.headers))
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/hook"

    @property
    def deliveries(self) -> list[Delivery]:
        """What was taken, in order, doubles too."""
        return [delivery for letter in list(self.letters) for delivery in letter.deliveries]

    @property
    def once(self) -> list[str]:
        """The ids of what was taken, in order, as one who drops doubles has them."""
        return list(dict.fromkeys(delivery.id for delivery in self.deliveries))

    def close(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Mailbox:
    """An SMTP server that takes mail, or refuses it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = False
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()
        self.port = int(self._controller.port)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuses:
            return "451 later"
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 taken"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop(no_assert=True)


@contextlib.contextmanager
def broker(port: int, password_file: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A broker that runs inside."""
    arguments = [sys.executable, str(BROKER), str(port), *([] if password_file is None else [str(password_file)])]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Listener:
    """Somebody who listens to all topics of a broker.

    Attributes:
        heard: Topic, payload and whether it was retained, in order.
    """

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, Any, bool]] = []
        subscribed: queue.Queue[bool] = queue.Queue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _u, message: self.heard.append((message.topic, _payload(message.payload), message.retain))
        self._client.on_subscribe = lambda *_: subscribed.put(True)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe("#", qos=1)
        subscribed.get(timeout=10)

    def of(self, topic: str) -> list[Any]:
        return [payload for name, payload, _ in list(self.heard) if name == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _payload(data: bytes | bytearray) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return data.decode()


def channel_table(channel_id: str = "ops", kind: str = "webhook", address: str = "https://ops.example.org/hook", **keys: str) -> str:
    """A table [[channel]]; the values of `keys` are TOML."""
    lines = ["", "[[channel]]", f'id = "{channel_id}"', f'kind = "{kind}"', f'address = "{address}"']
    if kind == "webhook" and "secret" not in keys and "secret_file" not in keys:
        lines.append(f'secret = "{SECRET}"')
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in keys.items())]) + "\n"


def signed(secret: str = "", file: str = "") -> dict[str, str]:
    """The keys of a webhook's secret, or the file of one."""
    keys = {"secret": secret, "secret_file": file}
    return {key: f'"{value}"' for key, value in keys.items() if value}


def site_with(folder: Path, *channels: str, cameras: str | None = None) -> Site:
    """A site with these channels, and its state below the folder."""
    folder.mkdir(exist_ok=True, parents=True)
    return read_site(write_site(folder, SITE + 'state_folder = "state"\n' + (camera_table() if cameras is None else cameras) + "".join(channels)))


def opened(alert: str = "a" * 16, severity: Severity = Severity.WARNING, **keys: Any) -> Event:
    """An alert that is opened."""
    facts: dict[str, Any] = {
        "cause": Cause("crowd", "gate-1", "stairs"),
        "kind": HazardKind.DENSITY,
        "wall_s": time.time(),
        "words": "2.9 persons/m2 in 'stairs' for 20 s, limit 2.5",
        "value": 2.9,
        "limit": 2.5,
    }
    return Event(alert=alert, number=0, what=What.OPENED, severity=severity, **(facts | keys))


def then(alert: str, number: int, what: What, **keys: Any) -> Event:
    """What happens to it later."""
    facts: dict[str, Any] = {"wall_s": time.time()} | keys
    return Event(alert=alert, number=number, what=what, **facts)
