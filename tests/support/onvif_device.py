"""A small ONVIF camera on the loopback interface: it answers WS-Discovery, its services check who asks, its streams lie where it is told.

It behaves as cameras do (a clock that is off, digests that hold for minutes and once), or as badly as a test wants: any answer can be replaced.
"""

import base64
import hashlib
import re
import secrets
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Literal, Self
from urllib.parse import quote
from xml.sax.saxutils import escape

GROUP: Final = "239.255.255.250"
LOOPBACK: Final = "127.0.0.1"
DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
REALM: Final = "camera"
FRESH: Final = timedelta(minutes=5)
_OPEN: Final = frozenset({"GetSystemDateAndTime", "GetServices", "GetCapabilities"})
"""ONVIF Core: what a device answers to everybody."""
_SOAP: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema"'
_OFF: Final = "the device was told to answer so"


@dataclass(frozen=True)
class StreamProfile:
    """A stream that the device offers."""

    token: str
    address: str
    name: str = "main"
    codec: str = "H264"
    width_px: int = 1920
    height_px: int = 1080
    rate_hz: int = 25


@dataclass
class Manners:
    """How the device behaves.

    Attributes:
        login: User and password; None = it asks for none.
        by: How it wants them: the digest of WS-UsernameToken, or HTTP digest.
        clock_off: How far its clock is off.
        services_host: Host that it gives for its services; "" = its own.
        instead: Instead of an operation's answer: status, headers, body. "*" stands for all operations.
        hang: Operations that are never answered.
    """

    login: tuple[str, str] | None = None
    by: Literal["token", "http"] = "token"
    clock_off: timedelta = timedelta()
    services_host: str = ""
    instead: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    hang: frozenset[str] = frozenset()


class OnvifDevice:
    """The device. A context: its threads end with it.

    Args:
        profiles: Its streams.
        manners: How it behaves.
        name: What it calls itself.
        model: Its model.
    """

    def __init__(self, profiles: Sequence[StreamProfile], manners: Manners | None = None, *, name: str = "Gate", model: str = "M1") -> None:
        self.profiles = list(profiles)
        self.manners = manners or Manners()
        self.name = name
        self.model = model
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        self._nonces: set[str] = set()
        self._ends = threading.Event()
        self._operations: dict[str, Callable[[str], str]] = {
            "GetSystemDateAndTime": self._time,
            "GetServices": self._services,
            "GetCapabilities": self._capabilities,
            "GetDeviceInformation": self._information,
            "GetProfiles": self._profiles,
            "GetStreamUri": self._stream_uri,
        }
        device = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status, headers, answer = device.answer(body, self.headers.get("Authorization", ""))
                if status == 0:  # never answered
                    device._ends.wait()
                    return
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Nothing."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who asks may have gone
        self.port = int(self._server.server_address[1])
        self.service = f"http://{LOOPBACK}:{self.port}/onvif/device_service"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ends.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    # What it says

    def answer(self, body: bytes, authorization: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        found = re.search(rb"Body>\s*<(?:\w+:)?(\w+)", body)
        operation = found[1].decode() if found else ""
        self.asked.append(operation)
        self.bodies.append(body + authorization.encode())
        if operation in self.manners.hang:
            return 0, {}, b""
        instead = self.manners.instead.get(operation) or self.manners.instead.get("*")
        if instead is not None:
            return instead
        if operation not in _OPEN and not self._may(body, authorization):
            if self.manners.by == "http":
                challenge = f'Digest realm="{REALM}", qop="auth", nonce="{secrets.token_hex(8)}", algorithm=MD5'
                return 401, {"WWW-Authenticate": challenge}, b""
            return 400, {"Content-Type": "application/soap+xml"}, fault("NotAuthorized", "Sender not authorized")
        make = self._operations.get(operation)
        if make is None:
            return 500, {"Content-Type": "application/soap+xml"}, fault("ActionNotSupported", "not here")
        return 200, {"Content-Type": "application/soap+xml; charset=utf-8"}, envelope(make(body.decode()))

    def _may(self, body: bytes, authorization: str) -> bool:
        if self.manners.login is None:
            return True
        return self._http_digest(authorization) if self.manners.by == "http" else self._token(body.decode())

    def _token(self, body: str) -> bool:
        """WS-UsernameToken Profile 1.0: Base64(SHA-1(nonce + created + password)), fresh by this device's clock, and never twice."""
        user, password = self.manners.login or ("", "")
        parts = [re.search(rf"<(?:\w+:)?{name}\b[^>]*>([^<]*)<", body) for name in ("Username", "Password", "Nonce", "Created")]
        if not all(parts):
            return False
        named, digest, nonce, created = (part[1] if part else "" for part in parts)
        if "#PasswordDigest" not in body or named != user or nonce in self._nonces:
            return False
        self._nonces.add(nonce)
        made = base64.b64encode(hashlib.sha1(base64.b64decode(nonce) + created.encode() + password.encode()).digest()).decode()  # noqa: S324 - the standard
        age = abs(datetime.now(UTC) + self.manners.clock_off - datetime.fromisoformat(created))
        return digest == made and age < FRESH

    def _http_digest(self, authorization: str) -> bool:
        """RFC 7616, with MD5 as most cameras have it."""
        user, password = self.manners.login or ("", "")
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', authorization.partition(" ")[2]))
        if not authorization.startswith("Digest ") or said.get("username") != user:
            return False

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - the standard

        ours = md5(":".join([md5(f"{user}:{REALM}:{password}"), said["nonce"], said["nc"], said["cnonce"], said["qop"], md5(f"POST:{said['uri']}")]))
        return said.get("response") == ours

    def _time(self, _: str) -> str:
        now = datetime.now(UTC) + self.manners.clock_off
        day = f"<tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date>"
        clock = f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second></tt:Time>"
        said = f"<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>{clock}{day}</tt:UTCDateTime>"
        return (
            f'<d:GetSystemDateAndTimeResponse xmlns:d="{DEVICE}"><d:SystemDateAndTime>{said}</d:SystemDateAndTime></d:GetSystemDateAndTimeResponse>'
        )

    def _services(self, _: str) -> str:
        host = self.manners.services_host or LOOPBACK
        services = "".join(
            f"<d:Service><d:Namespace>{namespace}</d:Namespace><d:XAddr>http://{host}:{self.port}/onvif/{path}</d:XAddr>"
            "<d:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></d:Version></d:Service>"
            for namespace, path in ((DEVICE, "device_service"), (MEDIA, "media_service"))
        )
        return f'<d:GetServicesResponse xmlns:d="{DEVICE}">{services}</d:GetServicesResponse>'

    def _capabilities(self, _: str) -> str:
        media = f"<tt:Media><tt:XAddr>http://{LOOPBACK}:{self.port}/onvif/media_service</tt:XAddr><tt:StreamingCapabilities/></tt:Media>"
        return f'<d:GetCapabilitiesResponse xmlns:d="{DEVICE}"><d:Capabilities>{media}</d:Capabilities></d:GetCapabilitiesResponse>'

    def _information(self, _: str) -> str:
        said = f"<d:Manufacturer>Acme</d:Manufacturer><d:Model>{escape(self.model)}</d:Model><d:FirmwareVersion>1</d:FirmwareVersion>"
        said += "<d:SerialNumber>1</d:SerialNumber><d:HardwareId>1</d:HardwareId>"
        return f'<d:GetDeviceInformationResponse xmlns:d="{DEVICE}">{said}</d:GetDeviceInformationResponse>'

    def _profiles(self, _: str) -> str:
        profiles = "".join(
            f'<m:Profiles token="{escape(profile.token)}" fixed="true"><tt:Name>{escape(profile.name)}</tt:Name>'
            '<tt:VideoEncoderConfiguration token="e"><tt:Name>e</tt:Name><tt:UseCount>1</tt:UseCount>'
            f"<tt:Encoding>{escape(profile.codec)}</tt:Encoding>"
            f"<tt:Resolution><tt:Width>{profile.width_px}</tt:Width><tt:Height>{profile.height_px}</tt:Height></tt:Resolution><tt:Quality>1</tt:Quality>"
            f"<tt:RateControl><tt:FrameRateLimit>{profile.rate_hz}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>"
            "<tt:BitrateLimit>4096</tt:BitrateLimit></tt:RateControl></tt:VideoEncoderConfiguration></m:Profiles>"
            for profile in self.profiles
        )
        return f'<m:GetProfilesResponse xmlns:m="{MEDIA}">{profiles}</m:GetProfilesResponse>'

    def _stream_uri(self, body: str) -> str:
        found = re.search(r"ProfileToken>([^<]*)<", body)
        address = next(profile.address for profile in self.profiles if found and profile.token == found[1])
        said = f"<tt:Uri>{escape(address)}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
        said += "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT60S</tt:Timeout>"
        return f'<m:GetStreamUriResponse xmlns:m="{MEDIA}"><m:MediaUri>{said}</m:MediaUri></m:GetStreamUriResponse>'

    def match(self, question: str) -> bytes:
        """Its answer to a question of WS-Discovery."""
        return probe_match(question, self.service, self.name, f"urn:uuid:{self.port:08d}-0000-0000-0000-000000000000")


def envelope(body: str) -> bytes:
    """A SOAP message."""
    return f"{_SOAP}><s:Body>{body}</s:Body></s:Envelope>".encode()


def fault(code: str, reason: str) -> bytes:
    """A SOAP fault."""
    subcode = f'<s:Subcode><s:Value xmlns:ter="http://www.onvif.org/ver10/error">ter:{code}</s:Value></s:Subcode>'
    return envelope(
        f'<s:Fault><s:Code><s:Value>s:Sender</s:Value>{subcode}</s:Code><s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
    )


def probe_match(question: str, services: str, name: str, endpoint: str) -> bytes:
    """An answer of WS-Discovery: ONVIF Core, "Probe match"."""
    asked = re.search(r"MessageID>([^<]*)<", question)
    scopes = f"onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/{quote(name)} onvif://www.onvif.org/hardware/T-100"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
        f"<e:Header><w:RelatesTo>{asked[1] if asked else ''}</w:RelatesTo></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch>"
        f"<w:EndpointReference><w:Address>{endpoint}</w:Address></w:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>"
        f"<d:Scopes>{escape(scopes)}</d:Scopes><d:XAddrs>{escape(services)}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>"
        "</d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
    ).encode()


class Neighbourhood:
    """The local network on the loopback interface: whoever is asked there by multicast, at `port`, answers. A context.

    Args:
        answers: Each gives its answers to a question.
    """

    def __init__(self, *answers: Callable[[str], bytes]) -> None:
        self._answers = answers
        self.questions: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((GROUP, 0))
        self.port = int(self._socket.getsockname()[1])
        member = struct.pack("=4s4s", socket.inet_aton(GROUP), socket.inet_aton(LOOPBACK))
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while True:
            data, sender = self._socket.recvfrom(1 << 16)
            if data == _OFF.encode():
                return
            question = data.decode()
            self.questions.append(question)
            for answer in self._answers:
                self._socket.sendto(answer(question), sender)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
            out.sendto(_OFF.encode(), (GROUP, self.port))
        self._thread.join(10)
        self._socket.close()
