"""A worker that finds no host any more, because the files for names were replaced, notices it and ends: the next one finds them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from passerby.clock import SimulatedClock
from passerby.released.messages import CameraHealth, CaptureState, Reason
from passerby.sealed.worker.bell import Bell
from passerby.sealed.worker.name_files import NameFiles, NamesReplacedError
from passerby.sealed.worker.outbox import Outbox
from passerby.sealed.worker.surroundings import Surroundings
from passerby.sealed.worker.usage import Usage
from passerby.sealed.worker.worker import Worker
from passerby.site.orders import CameraOrder
from tests.support.closed_in import TRIES, quiet_environment
from tests.support.detectors import Blind


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="Landlock is Linux's")
def test_a_closed_worker_notices_that_a_file_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 192.0.2.1\n", "utf-8")
    # The allowance of a camera that is a file stands in for that of a file for names.
    wishes = {"closed": True, "cameras": [{"source": path.as_uri()}], "tries": {"notice_replaced": [str(path)]}}
    command = [sys.executable, "-I", str(TRIES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=quiet_environment()) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(wishes) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        other = tmp_path / "new"
        other.write_text("nameserver 192.0.2.2\n", "utf-8")
        other.rename(path)
        told = json.loads(process.stdout.readline())
    assert told["results"] == {"notice_replaced": "ok"}


def test_files_that_are_changed_come_or_go_are_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    names = NameFiles([str(path)])
    assert not names.were_replaced()
    path.write_text("nameserver 192.0.2.1\n", "utf-8")
    assert not names.were_replaced()
    path.unlink()
    assert not names.were_replaced()


class Lost:
    """A camera that gives nothing, for a reason."""

    def __init__(self, order: CameraOrder, reason: Reason) -> None:
        self._health = CameraHealth(order.camera, CaptureState.WAITING, reason)

    def start(self) -> None:
        return

    def stop(self) -> None:
        return

    def take(self) -> None:
        return

    def waiting_since_s(self) -> None:
        return

    def health(self) -> CameraHealth:
        return self._health


class Replaced:
    """Stands for files that were replaced."""

    def were_replaced(self) -> bool:
        return True


@pytest.mark.parametrize(("reason", "ends"), [(Reason.UNREACHABLE, True), (Reason.REFUSED, False), (Reason.STALLED, False), (Reason.NONE, False)])
def test_the_worker_ends_only_if_a_camera_is_out_of_reach_meanwhile(reason: Reason, ends: bool) -> None:
    bell = Bell()
    surroundings = Surroundings(Outbox(-1, bell.end), bell, Usage())
    worker = Worker(
        [CameraOrder(camera="a", source="rtsp://camera/")],
        lambda order, *_: cast("Any", Lost(order, reason)),
        Blind(),
        surroundings,
        SimulatedClock(),
    )
    worker._beat(0.0)
    worker._name_files = cast("NameFiles", Replaced())
    if ends:
        with pytest.raises(NamesReplacedError):
            worker._beat(1.0)
    else:
        worker._beat(1.0)
