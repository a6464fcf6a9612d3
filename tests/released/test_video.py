import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.errors import OutputError
from passerby.released.h264 import StreamShape, UnsupportedStreamError
from passerby.released.scene import Size
from passerby.released.video import Mp4Writer
from tests.support.clips import Picture, drawn, number_of

SIZE = Size(96, 64)
TENTHS = Fraction(1, 10)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def noise(seed: int, size: Size = SIZE) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (size.height_px, size.width_px, 3), dtype=np.uint8)


def written(path: Path, pictures: Sequence[Picture], times: Sequence[int] | None = None, time_base: Fraction = TENTHS, gop: int = 250) -> Path:
    with Mp4Writer(path, SIZE, time_base, gop=gop, overwrite=True) as writer:
        for pts, picture in zip(times if times is not None else range(len(pictures)), pictures, strict=True):
            writer.write(picture, pts)
    return path


def read_back(path: Path) -> tuple[list[Fraction], list[NDArray[np.uint8]], list[bool]]:
    """Times in seconds, planes of the pictures as coded, and which are key frames."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        frames = [(frame.pts * stream.time_base, frame.to_ndarray(), frame.key_frame) for frame in container.decode(stream) if frame.pts is not None]
    return [time for time, _, _ in frames], [np.asarray(planes, np.uint8) for _, planes, _ in frames], [key for _, _, key in frames]


def boxes(data: bytes) -> list[bytes]:
    """The kinds of the outermost boxes of an MP4 file."""
    kinds, at = [], 0
    while at < len(data):
        kinds.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big")
    return kinds


def test_every_picture_comes_back_at_its_time(tmp_path: Path) -> None:
    times, planes, _ = read_back(written(tmp_path / "out.mp4", [drawn(number) for number in range(40)]))
    assert times == [number * TENTHS for number in range(40)]
    assert [number_of(np.repeat(picture[:64, :, None], 3, axis=2)) for picture in planes] == list(range(40))


def test_the_file_is_plain_h264_with_its_index_first_and_nothing_else(tmp_path: Path) -> None:
    data = written(tmp_path / "out.mp4", [drawn(number) for number in range(5)]).read_bytes()
    assert boxes(data) == [b"ftyp", b"moov", b"free", b"mdat"]
    for word in (b"x264", b"Lavf", b"Lavc", b"soun", b"options:"):
        assert word not in data
    with av.open(str(tmp_path / "out.mp4")) as container:
        (stream,) = container.streams.video
        assert len(container.streams) == 1
        assert (stream.codec_context.name, stream.pix_fmt, stream.codec_context.has_b_frames) == ("h264", "yuv420p", False)
        assert container.metadata == {"major_brand": "isom", "minor_version": "512", "compatible_brands": "isomiso2avc1mp41"}
        assert stream.metadata.keys() <= {"language", "handler_name", "vendor_id"}


def test_the_same_pictures_make_the_same_bytes(tmp_path: Path) -> None:
    pictures = [drawn(number // 2) for number in range(30)]
    assert written(tmp_path / "a.mp4", pictures).read_bytes() == written(tmp_path / "b.mp4", pictures).read_bytes()


EXACT_TIME_BASES = [
    Fraction(1, 25),
    Fraction(1, 10),
    Fraction(1, 1000),
    Fraction(1, 90_000),
    Fraction(1001, 30_000),
    Fraction(1, 12_800),
    Fraction(1, 10**6),
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    time_base=st.sampled_from(EXACT_TIME_BASES),
    start=st.integers(0, 10**6),
    steps=st.lists(st.tuples(st.integers(1, 5000), st.booleans()), max_size=12),
)
def test_any_times_are_kept_exactly(tmp_path: Path, time_base: Fraction, start: int, steps: list[tuple[int, bool]]) -> None:
    times, pictures = [start], [noise(0)]
    for step, changes in steps:
        times.append(times[-1] + step)
        pictures.append(noise(len(times)) if changes else pictures[-1])
    assert read_back(written(tmp_path / "out.mp4", pictures, times, time_base))[0] == [time * time_base for time in times]


def test_times_finer_than_microseconds_are_rounded_to_them_and_stay_apart(tmp_path: Path) -> None:
    times = [0, 333_333_333, 333_333_334, 333_334_600, 10**9]
    wanted = [Fraction(tick, 10**6) for tick in (0, 333_333, 333_334, 333_335, 10**6)]
    assert read_back(written(tmp_path / "out.mp4", [noise(number) for number in range(5)], times, Fraction(1, 10**9)))[0] == wanted


def test_an_odd_picture_is_padded_by_its_last_column_and_row(tmp_path: Path) -> None:
    size = Size(33, 17)
    picture = np.full((17, 33, 3), 60, np.uint8)
    picture[:, 32], picture[16] = 200, 120
    with Mp4Writer(tmp_path / "out.mp4", size, TENTHS, crf=5) as writer:
        writer.write(picture, 0)
    (planes,) = read_back(tmp_path / "out.mp4")[1]
    luma = planes[:18].astype(int)
    assert luma.shape == (18, 34)
    assert np.abs(luma[:16, 33] - luma[:16, 32]).max() < 12
    assert np.abs(luma[17, :32] - luma[16, :32]).max() < 12


@pytest.mark.parametrize("size", [Size(1, 1), Size(2, 2), Size(16, 1), Size(17, 255)])
def test_tiny_and_narrow_pictures_can_be_written(tmp_path: Path, size: Size) -> None:
    with Mp4Writer(tmp_path / "out.mp4", size, TENTHS) as writer:
        for pts in range(5):
            writer.write(noise(pts // 2, size), pts)
    assert len(read_back(tmp_path / "out.mp4")[0]) == 5


def test_colours_are_those_that_were_given_in_every_reader(tmp_path: Path) -> None:
    size = Size(192, 128)
    picture = np.zeros((128, 192, 3), np.uint8)
    colours = [(0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255), (0, 0, 0), (60, 120, 200), (200, 200, 60), (128, 128, 128)]
    for number, bgr in enumerate(colours):
        picture[number // 4 * 64 : number // 4 * 64 + 64, number % 4 * 48 : number % 4 * 48 + 48] = bgr
    with Mp4Writer(tmp_path / "out.mp4", size, TENTHS) as writer:
        writer.write(picture, 0)
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc) == (1, 6, 1, 1)
        with_pyav = frame.to_ndarray(format="bgr24")
    found, with_opencv = cv2.VideoCapture(str(tmp_path / "out.mp4")).read()
    assert found
    for decoded in (with_pyav, with_opencv):
        assert np.abs(decoded.astype(int) - picture).mean() < 3


def repeating(count: int) -> list[Picture]:
    """Pictures of which every third is new; the others are the same arrays or equal copies."""
    pictures = [noise(0)]
    for number in range(1, count):
        pictures.append(noise(number) if number % 3 == 0 else pictures[-1] if number % 3 == 1 else pictures[-1].copy())
    return pictures


def test_a_picture_that_repeats_is_exactly_the_one_before(tmp_path: Path) -> None:
    pictures = repeating(100)
    times, planes, keys = read_back(written(tmp_path / "out.mp4", pictures, gop=250))
    assert times == [number * TENTHS for number in range(100)]
    assert keys == [number == 0 for number in range(100)]
    for number in range(1, 100):
        assert np.array_equal(planes[number], planes[number - 1]) == (number % 3 != 0)


def test_repeated_pictures_take_next_to_no_space(tmp_path: Path) -> None:
    once = written(tmp_path / "once.mp4", [noise(0)]).stat().st_size
    often = written(tmp_path / "often.mp4", [noise(0)] * 201).stat().st_size
    assert (often - once) / 200 < 20


@pytest.mark.parametrize("gop", [1, 2, 7, 16, 17, 40])
def test_key_frames_come_at_the_latest_after_a_group_also_among_repeated_pictures(tmp_path: Path, gop: int) -> None:
    for pictures in (repeating(90), [noise(0)] * 90, [drawn(number) for number in range(90)]):
        _, planes, keys = read_back(written(tmp_path / "out.mp4", pictures, gop=gop))
        assert [number for number, key in enumerate(keys) if key] == list(range(0, 90, gop))
        assert len(planes) == 90


def test_seeking_to_any_key_frame_gives_the_pictures_that_follow(tmp_path: Path) -> None:
    path = written(tmp_path / "out.mp4", repeating(90), gop=20)
    _, planes, _ = read_back(path)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for start in (80, 40, 60, 20):
            container.seek(round(start * TENTHS / (stream.time_base or 1)), stream=stream)
            for number, frame in zip(range(start, start + 9), container.decode(stream), strict=False):
                assert np.array_equal(frame.to_ndarray(), planes[number])


@pytest.mark.skipif(not shutil.which("ffmpeg") or not shutil.which("ffprobe"), reason="no ffmpeg to compare with")
def test_another_ffmpeg_finds_no_fault_and_the_same_times(tmp_path: Path) -> None:
    path = written(tmp_path / "out.mp4", repeating(120), gop=50)
    checked = subprocess.run(
        ["ffmpeg", "-v", "warning", "-err_detect", "explode", "-i", str(path), "-f", "null", "-"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    traced = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (traced.returncode, traced.stderr) == (0, "")
    probe = [
        "ffprobe",
        "-v",
        "error",
        "-show_entries",
        "packet=pts_time,dts_time,duration_time:stream=nb_frames,avg_frame_rate,start_time",
        "-of",
        "json",
        str(path),
    ]
    report = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)
    assert [float(packet["pts_time"]) for packet in report["packets"]] == pytest.approx([number / 10 for number in range(120)])
    assert report["streams"] == [{"avg_frame_rate": "10/1", "start_time": "0.000000", "nb_frames": "120"}]


def test_an_array_that_is_written_again_is_not_converted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    converted = 0
    convert = cv2.cvtColor

    def counted(*arguments: object) -> object:
        nonlocal converted
        converted += 1
        return convert(*arguments)  # type: ignore[call-overload]

    monkeypatch.setattr(cv2, "cvtColor", counted)
    first, second = noise(1), noise(2)
    written(tmp_path / "out.mp4", [first, first, first, second, second, first, first])
    assert converted == 3


def test_an_encoder_that_writes_another_kind_of_stream_codes_every_picture_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> StreamShape:
        raise UnsupportedStreamError("another kind")

    monkeypatch.setattr(StreamShape, "of", unsupported)
    pictures = [drawn(number // 3) for number in range(60)]
    times, planes, keys = read_back(written(tmp_path / "out.mp4", pictures, gop=25))
    assert times == [number * TENTHS for number in range(60)]
    assert [number_of(np.repeat(picture[:64, :, None], 3, axis=2)) for picture in planes] == [number // 3 for number in range(60)]
    assert [number for number, key in enumerate(keys) if key] == [0, 25, 50]


def test_pixels_that_are_not_square_are_said_to_be_so(tmp_path: Path) -> None:
    with Mp4Writer(tmp_path / "out.mp4", SIZE, TENTHS, pixel_aspect=Fraction(12, 11)) as writer:
        writer.write(noise(0), 0)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(12, 11)


def interrupted(path: Path, error: type[BaseException], overwrite: bool = False) -> None:
    """Writes 20 frames and raises an error within the `with` block."""
    with Mp4Writer(path, SIZE, TENTHS, overwrite=overwrite) as writer:
        for pts in range(20):
            writer.write(noise(pts), pts)
        assert path.with_name(f".{path.name}.partial-{os.getpid()}").exists()
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_an_interruption_leaves_nothing_behind(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        interrupted(tmp_path / "out.mp4", error)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_while_the_file_is_finished_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupting(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupting)
    with pytest.raises(KeyboardInterrupt):
        written(tmp_path / "out.mp4", [noise(0)])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_overwritten_stays_whole_until_the_new_one_is(tmp_path: Path) -> None:
    path = written(tmp_path / "out.mp4", [noise(0)])
    old = path.read_bytes()
    with pytest.raises(RuntimeError):
        interrupted(path, RuntimeError, overwrite=True)
    assert path.read_bytes() == old
    with pytest.raises(OutputError, match="exists already"):
        Mp4Writer(path, SIZE, TENTHS)


def test_a_file_without_frames_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no frame"), Mp4Writer(tmp_path / "out.mp4", SIZE, TENTHS):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_size_that_h264_cannot_hold_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="20000 x 20"):
        Mp4Writer(tmp_path / "out.mp4", Size(20_000, 20), TENTHS)
    assert list(tmp_path.iterdir()) == []


def test_a_gap_that_mp4_cannot_hold_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="gap of 4000 s"):
        written(tmp_path / "out.mp4", [noise(0), noise(1)], [0, 4000 * 10**6], Fraction(1, 10**6))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("picture", "pts"), [(noise(0), 5), (noise(0), 4), (noise(0, Size(64, 96)), 6), (noise(0).astype(np.float32), 6)])
def test_frames_that_do_not_fit_are_a_fault_of_the_caller(tmp_path: Path, picture: Picture, pts: int) -> None:
    with pytest.raises(ValueError, match=r"expected|increase"):
        written(tmp_path / "out.mp4", [noise(1), picture], [5, pts])


def test_nothing_can_be_written_after_the_end(tmp_path: Path) -> None:
    writer = Mp4Writer(tmp_path / "out.mp4", SIZE, TENTHS)
    writer.write(noise(0), 0)
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.write(noise(0), 1)
    assert len(read_back(tmp_path / "out.mp4")[0]) == 1


def fill(folder: Path, count: int = 60) -> None:
    with Mp4Writer(folder / "out.mp4", SIZE, TENTHS) as writer:
        for pts in range(count):
            writer.write(noise(pts), pts)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="needs to mount a small tmpfs")
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.98, 1.02])
def test_a_full_disk_is_told_and_nothing_is_left(tmp_path: Path, share: float) -> None:
    (tmp_path / "whole").mkdir()
    fill(tmp_path / "whole")
    needed = (tmp_path / "whole" / "out.mp4").stat().st_size
    disk = tmp_path / "disk"
    disk.mkdir()
    pages = max(2, round(needed * share / os.sysconf("SC_PAGESIZE")))
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={pages * os.sysconf('SC_PAGESIZE')}", "tmpfs", str(disk)], capture_output=True, check=False
    ).returncode:
        pytest.skip("may not mount here")
    try:
        if share > 1:
            fill(disk)
            assert [path.name for path in disk.iterdir()] == ["out.mp4"]
        else:
            with pytest.raises(OutputError, match="disk is full") as caught:
                fill(disk)
            assert "free some space" in caught.value.hint
            assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("share", [0.1, 0.9, 0.999])
def test_a_file_that_may_not_grow_is_told_and_nothing_is_left(tmp_path: Path, share: float) -> None:
    fill(tmp_path)
    limit = round((tmp_path / "out.mp4").stat().st_size * share)
    (tmp_path / "out.mp4").unlink()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OutputError, match="larger than a file may be"):
            fill(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_an_error_that_comes_with_the_last_sync_is_told_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="disk is full"):
        fill(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_4k_film_is_written_in_little_memory(tmp_path: Path) -> None:
    program = (
        "import sys; from fractions import Fraction; from pathlib import Path\n"
        "import numpy as np\n"
        "from passerby.released.scene import Size\n"
        "from passerby.released.video import Mp4Writer\n"
        "def resident_mb(key): return int(next(l for l in open('/proc/self/status') if l.startswith(key)).split()[1]) / 1024\n"
        "before = resident_mb('VmRSS')\n"
        "with Mp4Writer(Path(sys.argv[1]), Size(3840, 2160), Fraction(1, 30)) as writer:\n"
        "    for pts in range(16):\n"
        "        if pts % 2 == 0: picture = np.full((2160, 3840, 3), 90, np.uint8); picture[pts * 9 : 900 + pts * 9, 400:900] = 200\n"
        "        writer.write(picture, pts)\n"
        "print(resident_mb('VmHWM') - before)\n"
    )
    if not Path("/proc/self/status").exists():
        pytest.skip("resident memory is read from /proc")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "out.mp4")], capture_output=True, text=True, check=True, env=environment)
    assert float(done.stdout) < 450


@pytest.mark.parametrize("height_px", [264, 266, 268, 270, 1])
def test_colour_stands_where_it_belongs_at_every_height(height_px: int, tmp_path: Path) -> None:
    """Half of 270 is odd: a plane cut at the wrong row moves the colours of the whole picture."""
    picture = np.full((height_px, 160, 3), (98, 82, 8), np.uint8)
    picture[: height_px // 2, 40:100] = (20, 30, 220)
    path = tmp_path / "clip.mp4"
    with Mp4Writer(path, Size(160, height_px), Fraction(1, 10)) as writer:
        writer.write(picture, 0)
    with av.open(str(path)) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="bgr24")[:height_px]
    assert np.abs(shown.astype(int) - picture)[:, 44:96].mean() < 6
