"""Certificates of cameras: where one is verified, whoever shows another one gets neither a request nor a password."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from passerby.clock import SystemClock
from passerby.errors import CaptureError
from passerby.released.authorities import system_authorities
from passerby.released.messages import Reason
from passerby.sealed.capture.address import Trust, read_address
from passerby.sealed.capture.interrupt import Interrupt
from passerby.sealed.capture.network import open_camera

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
ANSWER = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that signs itself, for a name and for this machine's number, and its key."""
    key, made = folder / f"{name}.key", folder / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    names = f"subjectAltName=DNS:{name}" + (",IP:127.0.0.1" if name == "localhost" else "")
    subprocess.run([*command, "-addext", names, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    return made, key


@dataclass
class TlsCamera:
    """Somebody who answers with a certificate."""

    port: int
    heard: list[bytes] = field(default_factory=list)
    """What came in after a handshake."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def own(folder: Path) -> tuple[Path, Path]:
    return certificate(folder, "localhost")


@pytest.fixture(scope="module")
def other(folder: Path) -> tuple[Path, Path]:
    return certificate(folder, "camera.example")


@pytest.fixture
def camera(own: tuple[Path, Path]) -> Iterator[TlsCamera]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        made = TlsCamera(listening.getsockname()[1])

        def serve() -> None:
            while not ended.is_set():
                with suppress(OSError):
                    connection, _ = listening.accept()
                    connection.settimeout(5)
                    with connection, context.wrap_socket(connection, server_side=True) as talking:
                        asked = talking.recv(4096)
                        made.heard += [asked] if asked else []
                        talking.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        yield made
        ended.set()
        thread.join()


def tried(url: str, trust: Trust) -> Reason:
    """Why the camera could not be opened: it has no stream."""
    interrupt = Interrupt(SystemClock())
    interrupt.allow(20.0)
    with interrupt.watching(), pytest.raises(CaptureError) as caught:
        open_camera(read_address(url, trust), "tcp", interrupt, None)
    assert isinstance(caught.value.reason, Reason)
    return caught.value.reason


@pytest.mark.parametrize("scheme", ["https", "rtsps"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_whose_certificate_is_known_is_asked(camera: TlsCamera, own: tuple[Path, Path], scheme: str, host: str) -> None:
    assert tried(f"{scheme}://viewer:hunter2@{host}:{camera.port}/x", Trust(verify=True, certificate=own[0])) is not Reason.UNTRUSTED
    assert camera.heard


@pytest.mark.parametrize("scheme", ["https", "rtsps"])
def test_whose_certificate_signs_itself_is_asked_nothing_where_it_is_to_be_verified(
    camera: TlsCamera, other: tuple[Path, Path], scheme: str, tmp_path: Path
) -> None:
    url = f"{scheme}://viewer:hunter2@localhost:{camera.port}/x"
    for trust in (Trust(verify=True), Trust(verify=True, certificate=other[0]), Trust(verify=True, certificate=tmp_path / "not there")):
        assert tried(url, trust) is Reason.UNTRUSTED
    assert camera.heard == []


@pytest.mark.parametrize("scheme", ["https", "rtsps"])
def test_a_certificate_of_another_name_is_not_taken(folder: Path, other: tuple[Path, Path], scheme: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*other)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as talking:
                heard.append(talking.recv(4096))

        thread = threading.Thread(target=serve)
        thread.start()
        assert tried(f"{scheme}://localhost:{listening.getsockname()[1]}/x", Trust(verify=True, certificate=other[0])) is Reason.UNTRUSTED
        thread.join()
    assert not any(heard)


@pytest.mark.parametrize("scheme", ["https", "rtsps"])
def test_where_nothing_is_verified_any_certificate_will_do(camera: TlsCamera, scheme: str) -> None:
    assert tried(f"{scheme}://localhost:{camera.port}/x", Trust()) is not Reason.UNTRUSTED
    assert camera.heard


def test_the_systems_authorities_are_a_file_or_left_to_ffmpeg() -> None:
    file = system_authorities()
    assert file == "" or b"BEGIN CERTIFICATE" in Path(file).read_bytes()
