import socket
from pathlib import Path

import pytest

from passerby.serve.service_notice import ServiceNotice


@pytest.fixture
def manager(tmp_path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(10)
    return listener


def test_the_service_manager_is_told_each_step(tmp_path: Path, manager: socket.socket) -> None:
    notice = ServiceNotice({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"})
    notice.ready("2 cameras")
    notice.reloading()
    notice.alive()
    notice.ending()
    told = [manager.recv(200).decode("utf-8") for _ in range(4)]
    manager.close()
    assert told[0] == "READY=1\nSTATUS=2 cameras"
    assert told[1].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert told[2:] == ["WATCHDOG=1", "STOPPING=1"]
    assert notice.alive_every_s == 10


def test_without_a_service_manager_nothing_is_told_and_nothing_is_wanted() -> None:
    notice = ServiceNotice({})
    notice.ready("2 cameras")
    assert notice.alive_every_s is None


def test_a_service_manager_that_is_gone_is_no_error(tmp_path: Path) -> None:
    ServiceNotice({"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "x"}).alive()
