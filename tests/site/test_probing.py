"""A camera is opened once, in a process of its own, and whatever that process does there is a result."""

import sys

import pytest

from passerby.released.messages import ProbeResult, Reason, decode_probe, encode_probe
from passerby.site.orders import CameraOrder
from passerby.site.probing import probe

CAMERA = CameraOrder(camera="gate-1", source="rtsp://u:hunter2@127.0.0.1/x", first_byte_s=0.1, stall_s=0.1)
ANSWER = """
import sys
from passerby.released.framing import framed, read_framed
from passerby.released.messages import ProbeResult, Reason, encode_probe
from passerby.site.orders import decode_command
order = decode_command(read_framed(sys.stdin.buffer))
assert order.cameras[0].source.endswith("@127.0.0.1/x")
assert not any("hunter2" in word for word in sys.argv)
sys.stdout.buffer.write(framed(encode_probe(ProbeResult({camera}, Reason.NONE, "h264", 640, 480, 25.0, 0.5, "tcp", 50))))
"""


def run(code: str, margin_s: float = 60.0) -> ProbeResult:
    return probe(CAMERA, [sys.executable, "-c", code], margin_s)


def test_the_order_goes_to_standard_input_and_the_result_comes_back() -> None:
    assert run(ANSWER.replace("{camera}", "order.cameras[0].camera")) == ProbeResult("gate-1", Reason.NONE, "h264", 640, 480, 25.0, 0.5, "tcp", 50)


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(3)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "print('not a message')",
        r"import sys; sys.stdout.buffer.write(bytes(4))",
        r"import sys; sys.stdout.buffer.write(b'\x00\x00\x00\x09abc')",
        r"import sys; sys.stdout.buffer.write(b'\xff\xff\xff\xff')",
        ANSWER.replace("{camera}", "'another'"),
    ],
)
def test_a_probe_that_dies_or_talks_nonsense_is_told_as_crashed(code: str) -> None:
    assert run(code) == ProbeResult("gate-1", Reason.CRASHED)


def test_a_probe_that_says_nothing_is_ended() -> None:
    assert run("import signal; signal.pause()", margin_s=0.3) == ProbeResult("gate-1", Reason.HUNG)


def test_a_result_survives_its_bytes() -> None:
    result = ProbeResult("gate-1", Reason.UNAUTHORISED, "hevc", 1920, 1080, 12.5, None, "udp", 3, 1, hardware=True)
    assert decode_probe(encode_probe(result)) == result


def test_a_probe_gets_nothing_of_the_environment_in_which_the_passwords_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_PASSWORD", "hunter3")
    look = "import os\nassert 'hunter3' not in str(os.environ)\nassert os.getcwd() == '/'\n"
    assert run(look + ANSWER.replace("{camera}", "order.cameras[0].camera")).reason is Reason.NONE
