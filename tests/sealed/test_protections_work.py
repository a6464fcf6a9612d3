"""What a worker is for still works once it is closed in: the real detector, OpenCV, PyAV over TCP, UDP and TLS, names of hosts."""

import functools
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from passerby.models.cache import default_cache_folder
from passerby.redact.detection import load_detector
from passerby.sealed.worker.protections import PORTS, READS, WRITES
from tests.support.closed_in import tell
from tests.support.name_server import NameServer
from tests.support.rtsp_server import RtspServer, clip_pictures, needs_gstreamer, write_packets

pytestmark = pytest.mark.skipif(os.uname().sysname != "Linux", reason="Landlock and seccomp are Linux's")

PLACE = "127.0.0.53"
NAME = "camera.passerby.test"


def clip() -> Path:
    """A real clip with people in it."""
    folder = os.environ.get("PASSERBY_SAMPLES", "")
    found = sorted(Path(folder).rglob("vtest.avi")) if folder else []
    if not found:
        pytest.skip("no sample clips here: PASSERBY_SAMPLES names their folder")
    return found[0]


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "people.npy"
    np.save(path, next(iter(clip_pictures(clip(), 1))))
    return path


def closed(tries: dict[str, list[str]], sources: list[str], **more: Any) -> dict[str, str]:
    """What attempts came to in a closed worker of these cameras. It must be closed, else it shows nothing."""
    told = tell(tries=tries, cameras=[{"source": source} for source in sources], models_folder=str(default_cache_folder(os.environ)), **more)
    assert all(told.protections[name][0] for name in (WRITES, READS, PORTS)), told.protections
    return told.results


def test_the_real_detector_finds_people(picture: Path) -> None:
    load_detector("yolox-nano", "cpu")  # fetches the weights where they are not there yet
    tries = {"detect": [str(default_cache_folder(os.environ)), str(picture)]}
    # The picture is read as a camera that is a file.
    assert closed(tries, [picture.as_uri()], memory_limit_bytes=2_000_000_000) == {"detect": "ok"}


@needs_gstreamer
def test_cameras_over_rtsp_give_pictures_over_tcp_and_over_udp(tmp_path: Path) -> None:
    packets = write_packets(tmp_path / "packets", clip_pictures(clip(), 30))
    with RtspServer() as server:
        server.mount("/stream", packets)
        server.listen()
        address = server.url("/stream")
        tries = {f"watch {way}": [address, f"rtsp_transport={way}"] for way in ("tcp", "udp")}
        assert closed(tries, [address]) == dict.fromkeys(tries, "ok")


def test_a_camera_over_tls_gives_pictures(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.ts"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 768, 576, "yuv420p"
        for picture in clip_pictures(clip(), 20):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    with tls_server(tmp_path) as port:
        address = f"https://127.0.0.1:{port}/clip.ts"
        assert closed({"watch": [address, "tls_verify=0"], "trust": []}, [address]) == {"watch": "ok", "trust": "ok"}
        # Who is not trusted is refused: certificates are looked at, not passed over because they cannot be read.
        assert closed({"watch": [address, "tls_verify=1"]}, [address])["watch"] != "ok"


def test_a_camera_s_own_certificate_is_read_in_a_closed_worker(tmp_path: Path) -> None:
    """And it is the only one that is taken."""
    with av.open(str(tmp_path / "clip.ts"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height = 160, 120
        for picture in clip_pictures(clip(), 10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:120, :160]), format="bgr24")))
        container.mux(stream.encode(None))
    with tls_server(tmp_path, "IP:127.0.0.1") as port:
        address, certificate = f"https://127.0.0.1:{port}/clip.ts", tmp_path / "certificate.pem"
        tries = {"watch": [address, "tls_verify=1", f"ca_file={certificate}"]}
        told = tell(tries=tries, cameras=[{"source": address, "verify": True, "certificate": str(certificate)}], models_folder=str(tmp_path))
        assert told.results == {"watch": "ok"}
        other = tell(tries=tries, cameras=[{"source": address}], models_folder=str(tmp_path))
        assert other.results["watch"] != "ok", "no other file is read"


@contextmanager
def tls_server(folder: Path, also: str = "") -> Iterator[int]:
    """Serves a folder over HTTPS."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    make += ["-addext", f"subjectAltName=DNS:localhost,{also}"] if also else []
    subprocess.run([*make, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing, also of connections that are broken off."""

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002
        return

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True


def test_a_name_server_is_asked(tmp_path: Path) -> None:
    """With files of our own in the place of /etc/resolv.conf and the like, in a namespace of their own."""
    (tmp_path / "resolv.conf").write_text(f"nameserver {PLACE}\noptions timeout:2 attempts:1\n", "utf-8")
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n", "utf-8")
    mounts = " && ".join(f"mount --bind {tmp_path / name} /etc/{name}" for name in ("resolv.conf", "nsswitch.conf"))
    prefix = ("unshare", "--mount", "sh", "-c", f'{mounts} && exec "$0" "$@"')
    if os.geteuid() != 0 or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount")
    try:
        server = NameServer(PLACE)
    except OSError:
        pytest.skip("port 53 is taken")
    with server, socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        results = closed({"look_up": [NAME], "connect": [str(port)]}, [f"rtsp://{NAME}:{port}/stream"], prefix=prefix)
        assert results == {"look_up": "ok", "connect": "ok"}
        assert server.asked > 0
