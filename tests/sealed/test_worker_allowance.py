"""What is left open to a worker follows from its orders, and is the least that they need."""

import sys
from pathlib import Path

import pytest

from passerby.sealed.worker.allowance import Allowance, allowance_of
from passerby.site.orders import CameraOrder, Configure


def allowed(*sources: str, transport: str = "tcp", hardware: bool = False, device: str = "cpu", manifest: Path | None = None) -> Allowance:
    cameras = tuple(
        CameraOrder(camera=f"c{number}", source=source, transport=transport, hardware_decode=hardware) for number, source in enumerate(sources)
    )
    return allowance_of(Configure(cameras=cameras, models_folder=Path("/models"), device=device, manifest=manifest))


@pytest.mark.parametrize(
    ("source", "ports"),
    [
        ("rtsp://10.0.0.1/a", (554,)),
        ("rtsps://10.0.0.1/a", (322,)),
        ("http://10.0.0.1/a", (80,)),
        ("https://user:p%40ss@10.0.0.1/a", (443,)),
        ("rtsp://user:password@10.0.0.1:8554/a", (8554,)),
        ("rtsp://[2001:db8::1]:8554/a", (8554,)),
        ("rtsp://[fe80::1%25eth0]/a", (554,)),
        ("rtsp://camera/a", (53, 554)),
        ("rtsp://camera:53/a", (53,)),
        ("file:///clips/a.mp4", ()),
        ("rtsp://10.0.0.1:99999/a", ()),
        ("rtsp://[10.0.0.1/a", ()),
        ("ftp://10.0.0.1/a", ()),
        ("", ()),
    ],
)
def test_tcp_is_open_to_the_camera_and_to_name_servers_if_there_is_a_name(source: str, ports: tuple[int, ...]) -> None:
    assert allowed(source).tcp_ports == ports


@pytest.mark.parametrize(
    ("source", "transport", "udp"),
    [
        ("rtsp://10.0.0.1/a", "tcp", False),
        ("rtsp://10.0.0.1/a", "auto", True),
        ("rtsp://10.0.0.1/a", "udp", True),
        ("rtsp://camera/a", "tcp", True),
        ("http://10.0.0.1/a", "auto", False),
        ("https://camera/a", "auto", True),
        ("file:///clips/a.mp4", "auto", False),
    ],
)
def test_udp_is_open_only_where_it_is_needed(source: str, transport: str, udp: bool) -> None:
    assert allowed(source, transport=transport).udp is udp


def test_a_worker_of_files_reads_neither_names_nor_certificates() -> None:
    system = set(map(str, allowed("file:///clips/a.mp4").system))
    assert not {"/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs"} & system
    assert {"/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs"} <= set(map(str, allowed("rtsp://camera/a").system))
    assert "/etc/resolv.conf" not in set(map(str, allowed("rtsps://10.0.0.1/a").system))


def test_own_files_are_the_weights_the_manifest_and_the_cameras_that_are_files() -> None:
    found = allowed("file:///clips/a%20b.mp4", "rtsp://10.0.0.1/a", manifest=Path("/own/models.toml"))
    assert set(found.own) == {Path("/models/weights"), Path("/own/models.toml"), Path("/clips/a b.mp4")}


def test_a_folder_is_no_camera(tmp_path: Path) -> None:
    assert tmp_path not in allowed(tmp_path.as_uri(), "file://relative", "file:").own


@pytest.mark.parametrize("name", ["/", "", "relative"])
def test_neither_everything_nor_what_is_not_named_wholly_is_opened(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, name])
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{name}:/opt/driver/lib")
    monkeypatch.setenv("SSL_CERT_FILE", "/opt/authorities.pem")
    system = allowed("rtsp://10.0.0.1/a").system
    assert all(path.is_absolute() and path != Path("/") for path in system)
    assert {Path("/opt/driver/lib"), Path("/opt/authorities.pem")} <= set(system)


def test_devices_are_open_only_for_a_graphics_card() -> None:
    assert allowed("rtsp://10.0.0.1/a").devices == ()
    assert Path("/dev/dri") in allowed("rtsp://10.0.0.1/a", hardware=True).devices
    assert Path("/dev/nvidia0") in allowed("rtsp://10.0.0.1/a", device="cuda").devices


def test_no_address_or_password_is_in_the_allowance() -> None:
    text = repr(allowed("rtsp://user:secret@camera.example/a", "https://user:secret@camera.example/a"))
    assert "secret" not in text
    assert "example" not in text
