from pathlib import Path

import msgspec
import pytest

from passerby.errors import SceneError
from passerby.released.messages import (
    Beat,
    CameraHealth,
    CaptureState,
    Hello,
    Message,
    Protection,
    Reason,
    SceneMessage,
    Trouble,
    encode_message,
)
from passerby.released.scene import GateHealth, GateState, Level, Scene, Size
from passerby.site.orders import SendPlate, Stop
from passerby.supervise.worker_process import ENVIRONMENT, WorkerProcess, check_credible, exit_words
from tests.support.drawn_worker import Behaviour, command, configure, order
from tests.support.listener import is_gone

CAMERAS = frozenset({"a", "b"})
PID = 77
SCENE = Scene(1.0, Size(16, 16), Level.GLYPHS, 0, 16, b"\0", (), None, (), 16, (), GateHealth(GateState.SETTLING, 1.0, 0.0, 0.0))
HELLO = Hello(PID, (Protection("writes", held=True, word=""),))
SAID = SceneMessage("a", 1e9, 5.0, 5.1, None, 1, whole_plate=True, scene=SCENE)
HEALTH = CameraHealth("b", CaptureState.STREAMING, Reason.NONE, "h264", 16, 16)
BEAT = Beat(5.0, 1.0, 1_000_000)
TROUBLE = Trouble("a", Reason.GATE_FAILED, "ValueError", "gate")


def saying(*messages: bytes, then: str = "") -> tuple[str, ...]:
    """A process that says these bytes, framed, instead of being a worker; it reads its orders first, as workers do."""
    code = (
        "import os, sys\nfrom passerby.released.framing import framed, read_framed\n"
        "read_framed(sys.stdin.buffer)\n"
        f"for data in {[m.hex() for m in messages]!r}:\n    os.write(1, framed(bytes.fromhex(data)))\n{then}"
    )
    return command()[0], "-B", "-c", code


@pytest.mark.parametrize("message", [HELLO, SAID, HEALTH, BEAT, TROUBLE, Trouble(None, Reason.WEIGHTS, "WeightsError", "worker")], ids=str)
def test_what_workers_say_is_believed(message: Message) -> None:
    check_credible(message, CAMERAS, PID)


@pytest.mark.parametrize(
    "message",
    [
        msgspec.structs.replace(SAID, camera="c"),
        msgspec.structs.replace(HEALTH, camera="c"),
        msgspec.structs.replace(TROUBLE, camera="c"),
        msgspec.structs.replace(HELLO, pid=PID + 1),
    ],
    ids=range(4),
)
def test_what_no_worker_of_these_cameras_says_is_not(message: Message) -> None:
    with pytest.raises(SceneError):
        check_credible(message, CAMERAS, PID)


def messages_of(process: WorkerProcess) -> list[Message]:
    return list(process.messages())


@pytest.mark.parametrize(
    "said",
    [
        [encode_message(BEAT)],
        [b"\xc1\xc1"],
        [b""],
    ],
    ids=["no hello", "no message", "nothing"],
)
def test_a_process_that_talks_otherwise_than_a_worker_is_refused(said: list[bytes]) -> None:
    process = WorkerProcess(saying(*said), CAMERAS)
    try:
        process.configure(configure())
        with pytest.raises(SceneError):
            messages_of(process)
    finally:
        process.end()


def test_a_message_too_long_to_be_one_is_refused_before_memory_is_set_aside_for_it() -> None:
    process = WorkerProcess(saying(then="os.write(1, bytes([255] * 4))"), CAMERAS)
    try:
        process.configure(configure())
        with pytest.raises(SceneError, match="4294967295 bytes"):
            messages_of(process)
    finally:
        process.end()


def test_a_worker_ends_when_it_is_told_and_its_code_is_known() -> None:
    process = WorkerProcess(command(), CAMERAS)
    process.configure(configure(order("a")))
    told = False
    for message in process.messages():
        if isinstance(message, SceneMessage) and not told:
            told = process.send(Stop())
    assert told
    assert process.end() == 0
    assert not process.send(Stop())


def test_a_worker_that_never_reads_keeps_nobody_waiting() -> None:
    process = WorkerProcess((*command()[:3], "import threading; threading.Event().wait()"), CAMERAS)
    assert not process.send(SendPlate("a"))
    process.configure(configure(order("a")))
    sent = [process.send(SendPlate("a")) for _ in range(20_000)]
    assert sent[0]
    assert not sent[-1]
    assert process.end() == -9


def test_orders_stand_on_no_command_line_and_in_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", "hunter2")
    process = WorkerProcess(command(), CAMERAS)
    try:
        process.configure(configure(order("a", Behaviour(), transport="hunter2")))
        assert isinstance(next(process.messages()), Hello)
        folder = Path(f"/proc/{process.pid}")
        if not folder.exists():
            pytest.skip("no /proc here")
        assert b"hunter2" not in (folder / "cmdline").read_bytes()
        environment = (folder / "environ").read_bytes()
        assert b"hunter2" not in environment
        assert {entry.split(b"=")[0].decode() for entry in environment.split(b"\0") if entry} >= set(ENVIRONMENT)
    finally:
        process.end()


def test_a_worker_belongs_to_no_terminal_of_ours() -> None:
    process = WorkerProcess(command(), CAMERAS)
    try:
        stat = Path(f"/proc/{process.pid}/stat")
        if not stat.exists():
            pytest.skip("no /proc here")
        session = int(stat.read_text().rsplit(")", 1)[1].split()[3])
        assert session == process.pid
    finally:
        process.end()
    assert is_gone(process.pid)


@pytest.mark.parametrize(("code", "words"), [(70, "exit code 70"), (-9, "ended by SIGKILL"), (-64 + 20, "ended by signal 44"), (0, "exit code 0")])
def test_an_exit_code_is_told_in_words(code: int, words: str) -> None:
    assert exit_words(code) == words
