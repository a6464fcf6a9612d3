"""A worker that is closed in connects to its cameras' ports only, and nobody connects to it: shown by trying, and by trying the same without."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from passerby.sealed.worker.protections import DATAGRAMS, LISTENING, PORTS
from tests.support.closed_in import tell

pytestmark = pytest.mark.skipif(os.uname().sysname != "Linux", reason="Landlock and seccomp are Linux's")

ABSTRACT = f"passerby-test-{os.getpid()}"


@dataclass(frozen=True)
class Places:
    """Where somebody listens."""

    camera: int
    other: int
    udp: int
    unix: Path


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    with ExitStack() as stack:

        def listening(family: int, address: tuple[str, int] | str) -> socket.socket:
            opened = stack.enter_context(socket.socket(family))
            opened.bind(address)
            opened.listen(64)
            return opened

        camera, other = listening(socket.AF_INET, ("127.0.0.1", 0)), listening(socket.AF_INET, ("127.0.0.1", 0))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        listening(socket.AF_UNIX, str(tmp_path / "s"))
        listening(socket.AF_UNIX, f"\0{ABSTRACT}")
        yield Places(camera.getsockname()[1], other.getsockname()[1], udp.getsockname()[1], tmp_path / "s")


def camera_at(port: int, host: str = "127.0.0.1", transport: str = "tcp") -> dict[str, str]:
    return {"source": f"rtsp://user:password@{host}:{port}/stream", "transport": transport}


def ways_out(places: Places) -> dict[str, list[str]]:
    """Every way to another place that was thought of."""
    port = [str(places.other)]
    return {
        "connect": port,
        "fast_open": port,
        "fast_open_in_a_message": port,
        "multipath": port,
        "datagram": [str(places.udp)],
        "unix_socket": [str(places.unix)],
        "abstract_socket": [ABSTRACT],
        "listen": [],
        "bind": [],
    }


def test_a_closed_worker_finds_no_way_to_another_place(places: Places) -> None:
    told = tell(tries=ways_out(places), cameras=[camera_at(places.camera)])
    assert set(told.results.values()) <= {"EACCES", "EPERM"}, told.results
    assert told.protections[PORTS] == [True, f"ports: {places.camera}; hosts cannot be told apart"]
    assert told.protections[DATAGRAMS] == [True, ""]
    assert told.protections[LISTENING] == [True, ""]


def test_the_same_ways_lead_out_of_a_process_that_is_open(places: Places) -> None:
    results = tell(closed=False, tries=ways_out(places)).results
    # Kernels may lack these two; all others are everywhere.
    for optional in ("multipath", "fast_open", "fast_open_in_a_message"):
        if results[optional] in {"EPROTONOSUPPORT", "EOPNOTSUPP", "ENOPROTOOPT"}:
            del results[optional]
    assert set(results.values()) == {"ok"}, results


def test_a_closed_worker_reaches_its_camera(places: Places) -> None:
    told = tell(tries={"connect": [str(places.camera)]}, cameras=[camera_at(places.camera)])
    assert told.results == {"connect": "ok"}


def test_each_camera_of_a_worker_keeps_its_port(places: Places) -> None:
    cameras = [
        camera_at(places.camera),
        {"source": f"http://127.0.0.1:{places.other}/video"},
        {"source": "rtsp://10.0.0.1/stream", "transport": "tcp"},
    ]
    told = tell(tries={"connect": [str(places.camera)], "connect other": [str(places.other)], "datagram": [str(places.udp)]}, cameras=cameras)
    assert told.results == {"connect": "ok", "connect other": "ok", "datagram": "EACCES"}
    ports = ", ".join(map(str, sorted([554, places.camera, places.other])))
    assert told.protections[PORTS][1].startswith(f"ports: {ports};")


@pytest.mark.parametrize(("host", "transport"), [("127.0.0.1", "auto"), ("127.0.0.1", "udp"), ("localhost", "tcp")])
def test_udp_stays_open_where_a_camera_needs_it_and_is_reported_so(places: Places, host: str, transport: str) -> None:
    told = tell(tries={"datagram": [str(places.udp)], "connect": [str(places.other)]}, cameras=[camera_at(places.camera, host, transport)])
    assert told.results == {"datagram": "ok", "connect": "EACCES"}
    held, word = told.protections[DATAGRAMS]
    assert not held
    assert "open to any address" in word


def test_a_worker_of_files_reaches_nobody(places: Places, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"")
    told = tell(tries=ways_out(places), cameras=[{"source": (tmp_path / "clip.mp4").as_uri()}])
    assert set(told.results.values()) <= {"EACCES", "EPERM"}, told.results
    assert told.protections[PORTS][1] == "ports: none; hosts cannot be told apart"


def test_names_of_hosts_are_still_found() -> None:
    told = tell(tries={"look_up": ["localhost"]}, cameras=[camera_at(554, "localhost")])
    assert told.results == {"look_up": "ok"}


def test_an_address_that_is_none_opens_no_port(places: Places) -> None:
    cameras = [{"source": "rtsp://[::1/stream"}, {"source": "rtsp://127.0.0.1:99999/stream"}, {"source": "gopher://127.0.0.1/"}, {"source": ""}]
    told = tell(tries=ways_out(places), cameras=cameras)
    assert set(told.results.values()) <= {"EACCES", "EPERM"}, told.results
