"""The probe as a process, as `passerby check --probe` starts it."""

import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from passerby.released.framing import framed, read_framed
from passerby.released.messages import ProbeResult, Reason, decode_probe
from passerby.sealed.capture.probing import rate_hz
from passerby.site.orders import CameraOrder, Configure, encode_command
from tests.support.busy_camera import BusyCamera
from tests.support.clips import Recipe, drawn, write_clip
from tests.support.http_camera import HttpCamera
from tests.support.rtsp_server import RtspServer, needs_gstreamer, write_packets


def probed(*sources: str, data: bytes | None = None) -> tuple[list[ProbeResult], "subprocess.CompletedProcess[bytes]"]:
    """What the process says of cameras, and how it ended."""
    orders = tuple(CameraOrder(camera=f"camera-{number}", source=source, first_byte_s=5.0) for number, source in enumerate(sources))
    order = framed(encode_command(Configure(cameras=orders, models_folder=Path("nowhere")))) if data is None else data
    done = subprocess.run([sys.executable, "-I", "-m", "passerby.sealed.probe"], input=order, capture_output=True, check=False, timeout=120)
    answers, results = BytesIO(done.stdout), []
    while (answer := read_framed(answers)) is not None:
        results.append(decode_probe(answer))
    return results, done


@pytest.fixture
def http() -> Iterator[HttpCamera]:
    with HttpCamera() as running:
        yield running


def test_it_says_codec_size_rate_and_time_to_the_first_picture(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=250))
    (result,), done = probed(clip.as_uri())
    assert (result.camera, result.reason, result.codec, result.width_px, result.height_px) == ("camera-0", Reason.NONE, "h264", 96, 64)
    assert result.rate_hz == pytest.approx(25, rel=0.1)
    assert result.first_picture_s is not None
    assert result.first_picture_s >= 0
    assert result.pictures > 25
    assert (result.transport, result.damaged, result.hardware) == ("", 0, False)
    assert done.returncode == 0
    assert done.stderr == b""


@needs_gstreamer
def test_it_says_over_which_transport_a_camera_came(tmp_path: Path) -> None:
    packets = write_packets(tmp_path / "packets", [drawn(number, 160, 120) for number in range(20)])
    with RtspServer() as server:
        server.mount("/tcp", packets)
        server.mount("/udp", packets, udp_only=True)
        server.listen()
        results, _ = probed(server.url("/tcp"), server.url("/udp"))
    assert [(result.reason, result.transport, result.codec, result.width_px) for result in results] == [
        (Reason.NONE, "tcp", "h264", 160),
        (Reason.NONE, "udp", "h264", 160),
    ]
    assert [result.rate_hz for result in results] == pytest.approx([10, 10], rel=0.1)


@needs_gstreamer
@pytest.mark.parametrize(
    ("busy", "found"), [({1}, (Reason.NONE, "udp", "h264")), ({1, 2}, (Reason.REFUSED, "udp", "")), ({0}, (Reason.REFUSED, "tcp", ""))]
)
def test_a_camera_that_is_still_ending_its_session_over_tcp_is_asked_once_more(
    busy: set[int], found: tuple[Reason, str, str], tmp_path: Path
) -> None:
    packets = write_packets(tmp_path / "packets", [drawn(number, 160, 120) for number in range(20)])
    with RtspServer() as server:
        server.mount("/udp", packets, udp_only=True)
        with BusyCamera(server.listen(), busy) as camera:
            (result,), _ = probed(f"rtsp://127.0.0.1:{camera.port}/udp")
            asked = camera.asked
    assert (result.reason, result.transport, result.codec) == found
    assert asked == (1 if busy == {0} else 3)


def test_one_camera_that_fails_leaves_the_others(http: HttpCamera, tmp_path: Path) -> None:
    results, done = probed(http.url("/nothing", "user:sesame@"), (tmp_path / "missing.mp4").as_uri(), "sesame", http.url("/mjpeg"))
    assert [result.reason for result in results] == [Reason.NOT_FOUND, Reason.NOT_FOUND, Reason.NOT_FOUND, Reason.NONE]
    assert b"sesame" not in done.stdout + done.stderr
    assert results[-1].rate_hz == pytest.approx(10, rel=0.2)


@pytest.mark.parametrize("data", [b"", framed(b"nonsense"), b"\xff\xff\xff\xff"])
def test_without_an_order_it_says_nothing(data: bytes) -> None:
    results, done = probed(data=data)
    assert results == []
    assert done.stdout == done.stderr == b""


def test_the_rate_is_that_of_the_cameras_clock_where_it_has_one() -> None:
    burst = [(None, 0.0), *((0.1 * step, 0.0 if step < 20 else 0.1 * (step - 19)) for step in range(50))]
    assert rate_hz(burst) == pytest.approx(10)


def test_the_rate_is_that_of_arrival_where_there_is_no_other() -> None:
    assert rate_hz([(None, 0.2 * step) for step in range(10)]) == pytest.approx(5)


def test_a_clock_that_jumps_is_no_rate() -> None:
    assert rate_hz([(0.1 * step + (3600 if step > 10 else 0), 0.0) for step in range(30)]) == pytest.approx(10)


def test_one_picture_has_no_rate() -> None:
    assert rate_hz([(0.0, 0.0)]) == 0
    assert rate_hz([]) == 0
