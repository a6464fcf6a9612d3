import gc
import json
import pickle
import shutil
import subprocess
import threading
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame

from passerby.errors import InputError, SettingsError
from passerby.released.scene import Size
from passerby.sealed.capture.clip import Clip, open_clip
from passerby.sealed.capture.decoding import Decoding
from tests.support.clips import REORDERED, Picture, Recipe, can_encode, drawn, number_of, write_clip

CONTAINERS = {
    "mp4": ["libx264", "libx265", "libvpx-vp9", "libsvtav1", "mpeg4", "mjpeg"],
    "mkv": ["libx264", "libx265", "libvpx-vp9", "libsvtav1", "mpeg4", "mjpeg", "ffv1"],
    "mov": ["libx264", "libx265", "mpeg4", "mjpeg"],
    "avi": ["libx264", "mpeg4", "mjpeg"],
    "webm": ["libvpx-vp9", "libsvtav1"],
    "ts": ["libx264", "libx265", "mpeg2video"],
    "gif": ["gif"],
    "flv": ["libx264"],
    "mpg": ["mpeg2video"],
    "wmv": ["wmv2"],
}
CODEC_NAMES = {"libx264": "h264", "libx265": "hevc", "libvpx-vp9": "vp9", "libsvtav1": "av1"}
PIX_FMTS = {"mjpeg": "yuvj420p", "gif": "rgb8"}
DEEP_OR_GREY = [
    ("libx264", "yuv420p10le"),
    ("libx264", "yuv444p"),
    ("libx265", "yuv420p10le"),
    ("libx265", "yuv422p12le"),
    ("libx265", "gray"),
    ("libsvtav1", "yuv420p10le"),
    ("ffv1", "gray"),
    ("ffv1", "gray10le"),
    ("ffv1", "gray16le"),
    ("ffv1", "yuv420p12le"),
    ("ffv1", "yuva420p"),
    ("ffv1", "gbrp12le"),
    ("prores_ks", "yuv422p10le"),
    ("mjpeg", "yuvj444p"),
    ("rawvideo", "uyvy422"),
]
UNEVEN = [0, 1, 2, 7, 8, 30, 31, 32, 33, 90, 91, 250]


def made(path: Path, recipe: Recipe) -> Path:
    if not can_encode(recipe.codec):
        pytest.skip(f"this build of PyAV has no encoder {recipe.codec}")
    return write_clip(path, recipe)


def read(path: Path, from_s: float | None = None, to_s: float | None = None) -> tuple[Clip, list[float], list[Picture]]:
    with open_clip(path) as clip:
        frames = [(frame.time_s, frame.bgr()) for frame in clip.frames(from_s, to_s)]
    return clip, [time_s for time_s, _ in frames], [picture for _, picture in frames]


def ffprobe_times_s(path: Path) -> list[float | None]:
    """Presentation times that ffprobe gives, from the first on; None where it has none."""
    probe = shutil.which("ffprobe")
    if probe is None:
        return []
    command = [probe, "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time", "-of", "json", str(path)]
    frames = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)["frames"]
    times = [float(frame["best_effort_timestamp_time"]) if "best_effort_timestamp_time" in frame else None for frame in frames]
    return [None if time is None or times[0] is None else time - times[0] for time in times]


@pytest.mark.parametrize(("suffix", "codec"), [(suffix, codec) for suffix, codecs in CONTAINERS.items() for codec in codecs])
def test_every_container_and_codec_gives_all_pictures_in_order_at_their_times(tmp_path: Path, suffix: str, codec: str) -> None:
    time_base = Fraction(1, 10) if suffix == "gif" else Fraction(1, 25)
    path = made(tmp_path / f"clip.{suffix}", Recipe(codec, PIX_FMTS.get(codec, "yuv420p"), time_base=time_base))
    clip, times_s, pictures = read(path)
    assert [number_of(picture) for picture in pictures] == list(range(12))
    assert times_s == pytest.approx([float(number * time_base) for number in range(12)], abs=0.0006)
    assert clip.info.size == Size(96, 64)
    assert clip.info.codec == CODEC_NAMES.get(codec, codec)
    assert clip.damaged == 0
    for time_s, oracle_s in zip(times_s, ffprobe_times_s(path), strict=False):
        assert oracle_s is None or time_s == pytest.approx(oracle_s, abs=1e-5)


@pytest.mark.parametrize(("codec", "pix_fmt"), DEEP_OR_GREY)
def test_every_pixel_format_becomes_8_bit_bgr(tmp_path: Path, codec: str, pix_fmt: str) -> None:
    clip, _, pictures = read(made(tmp_path / "clip.mkv", Recipe(codec, pix_fmt, count=3)))
    assert clip.info.pixel_format == pix_fmt
    for number, picture in enumerate(pictures):
        assert picture.dtype == np.uint8
        assert (picture.shape, picture.flags.c_contiguous) == ((64, 96, 3), True)
        wanted = drawn(number).astype(float)
        if "gray" in pix_fmt:
            assert np.ptp(picture, axis=2).max() == 0
            wanted = np.repeat((wanted @ [0.114, 0.587, 0.299])[..., None], 3, axis=2)
        assert np.abs(picture - wanted).mean() < 6


@pytest.mark.parametrize("colour", [(1, 1), (1, 2), (5, 1), (5, 2)])
def test_colours_follow_the_matrix_and_range_that_the_clip_names(tmp_path: Path, colour: tuple[int, int]) -> None:
    patches = np.zeros((64, 96, 3), np.uint8)
    for number, bgr in enumerate([(0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255), (0, 0, 0), (60, 120, 200)]):
        patches[:, number * 16 : number * 16 + 16] = bgr
    path = write_clip(tmp_path / "clip.mkv", Recipe("ffv1", "yuv444p", count=2, colour=colour), pictures=[patches, patches])
    _, _, pictures = read(path)
    assert np.abs(pictures[0].astype(int) - patches).max() <= 4


@pytest.mark.parametrize(("turned_deg", "mirrored"), [(90, False), (180, False), (270, False), (0, True), (90, True), (180, True)])
@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_turned_and_mirrored_clips_come_upright_as_ffmpeg_shows_them(tmp_path: Path, suffix: str, turned_deg: int, mirrored: bool) -> None:
    path = made(tmp_path / f"clip.{suffix}", Recipe(count=2, turned_deg=turned_deg, mirrored=mirrored))
    clip, _, pictures = read(path)
    sideways = turned_deg in {90, 270}
    assert clip.info.size == (Size(64, 96) if sideways else Size(96, 64))
    assert pictures[0].shape == (clip.info.size.height_px, clip.info.size.width_px, 3)
    if not mirrored:
        assert clip.info.rotation_deg == 360 - turned_deg
    if not shutil.which("ffmpeg"):
        pytest.skip("no ffmpeg to compare with")
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    oracle = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8).reshape(2, *pictures[0].shape)
    assert np.abs(pictures[1].astype(int) - oracle[1]).mean() < 3


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt"),
    [
        ("mp4", "mpeg4", "yuv420p"),
        ("webm", "libvpx-vp9", "yuv420p"),
        ("mkv", "ffv1", "yuv420p"),
        ("mkv", "libx264", "yuv444p"),
        ("gif", "gif", "rgb8"),
    ],
)
def test_odd_sizes_stay_as_they_are(tmp_path: Path, suffix: str, codec: str, pix_fmt: str) -> None:
    path = made(tmp_path / f"clip.{suffix}", Recipe(codec, pix_fmt, count=3, size_px=(101, 67), time_base=Fraction(1, 10)))
    clip, _, pictures = read(path)
    assert clip.info.size == Size(101, 67)
    assert [(number_of(picture), picture.shape) for picture in pictures] == [(number, (67, 101, 3)) for number in range(3)]


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts", "avi"])
def test_a_variable_frame_rate_is_kept_exactly(tmp_path: Path, suffix: str) -> None:
    clip, times_s, pictures = read(made(tmp_path / f"clip.{suffix}", Recipe(times=UNEVEN)))
    assert times_s == pytest.approx([tick / 25 for tick in UNEVEN], abs=1e-9)
    assert [number_of(picture) for picture in pictures] == list(range(12))
    assert clip.repaired == 0


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts"])
def test_reordered_pictures_of_a_variable_rate_come_as_they_are_shown(tmp_path: Path, suffix: str) -> None:
    _, times_s, pictures = read(made(tmp_path / f"clip.{suffix}", Recipe(times=UNEVEN, options=REORDERED)))
    assert times_s == pytest.approx([tick / 25 for tick in UNEVEN], abs=1e-9)
    assert [number_of(picture) for picture in pictures] == list(range(12))


@pytest.mark.parametrize("suffix", ["avi", "h264", "mpg"])
def test_missing_timestamps_are_repaired_to_the_nominal_rate_and_counted(tmp_path: Path, suffix: str) -> None:
    recipe = Recipe("mpeg2video", count=30) if suffix == "mpg" else Recipe(count=30, options=REORDERED)
    clip, times_s, pictures = read(made(tmp_path / f"clip.{suffix}", recipe))
    assert times_s == pytest.approx([number / 25 for number in range(30)])
    assert [number_of(picture) for picture in pictures] == list(range(30))
    assert clip.repaired > 0


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_times_begin_at_0_wherever_the_clip_begins(tmp_path: Path, suffix: str) -> None:
    with open_clip(made(tmp_path / f"clip.{suffix}", Recipe(times=[1000 + number for number in range(12)], options=REORDERED))) as clip:
        frames = [(frame.index, frame.pts, frame.time_s) for frame in clip.frames()]
    step = Fraction(1, 25) / clip.time_base
    assert [(index, Fraction(pts)) for index, pts, _ in frames] == [(number, number * step) for number in range(12)]
    assert [time_s for _, _, time_s in frames] == pytest.approx([number / 25 for number in range(12)])


def test_a_picture_of_another_size_midway_is_given_in_its_own_size(tmp_path: Path) -> None:
    small = made(tmp_path / "small.ts", Recipe(count=6))
    large = made(tmp_path / "large.ts", Recipe(times=range(6, 12), size_px=(160, 96)))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    with open_clip(joined) as clip:
        sizes = [(frame.size, frame.bgr().shape[:2]) for frame in clip.frames()]
    assert clip.info.size == Size(96, 64)
    assert sizes[0] == (Size(96, 64), (64, 96))
    assert sizes[-1] == (Size(160, 96), (96, 160))


def test_what_the_clip_says_of_itself_is_told(tmp_path: Path) -> None:
    path = made(tmp_path / "clip.mp4", Recipe(count=50, turned_deg=90, pixel_aspect=Fraction(12, 11), sound=True))
    with open_clip(path) as clip:
        info = clip.info
    assert (info.size, info.codec, info.pixel_format, info.rotation_deg) == (Size(64, 96), "h264", "yuv420p", 270)
    assert (info.duration_s, info.frames_estimate, info.average_rate_hz) == (2.0, 50, 25.0)
    assert info.pixel_aspect == Fraction(11, 12)


def test_a_raw_stream_has_no_length_and_is_read_all_the_same(tmp_path: Path) -> None:
    clip, times_s, _ = read(made(tmp_path / "clip.h264", Recipe()))
    assert clip.info.duration_s is None
    assert clip.info.frames_estimate is None
    assert len(times_s) == 12


@pytest.mark.parametrize(
    ("suffix", "recipe"),
    [
        ("mp4", Recipe(count=250, options=REORDERED)),
        ("mp4", Recipe(count=250, options=REORDERED | {"x264-params": "open-gop=1"})),
        ("mkv", Recipe("libx265", count=250, options={"x265-params": "log-level=none:open-gop=1:bframes=4"})),
        ("mkv", Recipe(times=[1000 + number for number in range(250)], options=REORDERED | {"x264-params": "open-gop=1"})),
        ("webm", Recipe("libvpx-vp9", count=250)),
        ("mov", Recipe("mjpeg", "yuvj420p", count=250)),
        ("ts", Recipe(count=250, options=REORDERED)),
        ("avi", Recipe("mpeg4", count=250)),
    ],
)
def test_a_range_gives_the_very_frames_that_the_whole_clip_has_there(tmp_path: Path, suffix: str, recipe: Recipe) -> None:
    with open_clip(made(tmp_path / f"clip.{suffix}", recipe)) as clip:
        whole = [(frame.pts, frame.time_s, frame.bgr()) for frame in clip.frames()]
        for from_s, to_s in ((7.0, 7.44), (0.5, 0.8), (9.9, None), (3.21, 3.3)):
            wanted = [(pts, picture) for pts, time_s, picture in whole if from_s <= time_s < (to_s or 99)]
            got = [(frame.index, frame.pts, frame.bgr()) for frame in clip.frames(from_s, to_s)]
            assert [(index, pts) for index, pts, _ in got] == [(index, pts) for index, (pts, _) in enumerate(wanted)]
            assert all(np.array_equal(picture, other) for (_, picture), (_, _, other) in zip(wanted, got, strict=True))


def test_a_late_range_of_an_indexed_file_is_not_decoded_from_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = 0
    pictures = Decoding.pictures

    def counted(self: Decoding) -> Iterator[VideoFrame]:
        nonlocal decoded
        for picture in pictures(self):
            decoded += 1
            yield picture

    with open_clip(made(tmp_path / "clip.mp4", Recipe(count=250))) as clip:
        monkeypatch.setattr(Decoding, "pictures", counted)
        assert [number_of(frame.bgr()) for frame in clip.frames(9.0, 9.08)] == [225, 226]
    assert decoded < 100


def test_a_range_beyond_the_end_says_where_the_end_is(tmp_path: Path) -> None:
    for suffix in ("mp4", "avi"):
        with open_clip(made(tmp_path / f"clip.{suffix}", Recipe("mpeg4"))) as clip:
            with pytest.raises(InputError, match=r"from 60 s.*at 0\.44 s"):
                list(clip.frames(60))
            assert len(list(clip.frames(None, 60))) == 12


@pytest.mark.parametrize(("from_s", "to_s"), [(2, 2), (3, 2), (-1, None), (None, 0), (float("nan"), None), (None, float("inf"))])
def test_a_senseless_range_is_refused_before_anything_is_read(tmp_path: Path, from_s: float | None, to_s: float | None) -> None:
    with open_clip(made(tmp_path / "clip.mp4", Recipe(count=2))) as clip, pytest.raises(SettingsError, match="--"):
        clip.frames(from_s, to_s)


def test_stopping_early_ends_the_decoding(tmp_path: Path) -> None:
    with open_clip(made(tmp_path / "clip.mp4", Recipe(count=100))) as clip:
        frames = clip.frames()
        next(frames)
        frames.close()  # type: ignore[attr-defined]  # it is a generator
        assert not [thread for thread in threading.enumerate() if thread.name == "passerby-decode"]
        assert [number_of(frame.bgr()) for frame in clip.frames()] == list(range(100))


def test_two_iterations_may_run_side_by_side(tmp_path: Path) -> None:
    with open_clip(made(tmp_path / "clip.mkv", Recipe(count=40))) as clip:
        assert [(number_of(a.bgr()), number_of(b.bgr())) for a, b in zip(clip.frames(), clip.frames(), strict=True)] == [(n, n) for n in range(40)]


def test_closing_the_clip_ends_running_iterations(tmp_path: Path) -> None:
    clip = open_clip(made(tmp_path / "clip.mp4", Recipe(count=100)))
    frames = clip.frames()
    next(frames)
    clip.close()
    clip.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "passerby-decode"]
    with pytest.raises(ValueError, match="closed"):
        next(clip.frames())


def test_an_error_in_the_decoding_thread_reaches_the_consumer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = Decoding.pictures

    def failing(self: Decoding) -> Iterator[VideoFrame]:
        for number, picture in enumerate(pictures(self)):
            if number == 3:
                raise LookupError("lost")
            yield picture

    with open_clip(made(tmp_path / "clip.mp4", Recipe())) as clip:
        monkeypatch.setattr(Decoding, "pictures", failing)
        frames = clip.frames()
        assert [next(frames).index for _ in range(3)] == [0, 1, 2]
        with pytest.raises(LookupError, match="lost"):
            next(frames)


def test_the_second_pass_reads_the_same_file_even_if_its_name_is_gone(tmp_path: Path) -> None:
    path = made(tmp_path / "clip.mp4", Recipe())
    with open_clip(path) as clip:
        path.unlink()
        path.write_bytes(b"something else")
        assert [number_of(frame.bgr()) for frame in clip.frames()] == list(range(12))


def test_a_frame_shows_no_pixels_and_cannot_be_pickled(tmp_path: Path) -> None:
    with open_clip(made(tmp_path / "clip.mp4", Recipe(count=2))) as clip:
        frame = next(clip.frames())
        assert repr(frame) == "Frame(index=0, time_s=0.000, size=96x64)"
        with pytest.raises(TypeError, match="never written"):
            pickle.dumps(frame)


@pytest.mark.parametrize("recipe", [Recipe("rawvideo", "bgr24"), Recipe("ffv1", "bgr0"), Recipe()])
def test_a_converted_picture_belongs_to_the_caller(tmp_path: Path, recipe: Recipe) -> None:
    with open_clip(made(tmp_path / "clip.nut", recipe)) as clip:
        for frame in clip.frames():
            picture = frame.bgr()
            picture[:] = 0
            assert number_of(frame.bgr()) == frame.index


@pytest.mark.parametrize("recipe", [Recipe(count=40), Recipe(count=40, turned_deg=90)])
def test_no_frame_outlives_its_use(tmp_path: Path, recipe: Recipe) -> None:
    made(tmp_path / "clip.mp4", recipe)
    gc.collect()
    others = [thing for thing in gc.get_objects() if isinstance(thing, VideoFrame)]  # of tests before this one
    with open_clip(tmp_path / "clip.mp4") as clip:
        gc.collect()
        gc.disable()
        try:
            for frame in clip.frames():
                frame.bgr()
            del frame
            known = {id(other) for other in others}
            alive = [thing for thing in gc.get_objects() if isinstance(thing, VideoFrame) and id(thing) not in known]
        finally:
            gc.enable()
        assert len(alive) <= 1  # the first look at the clip, whose side data were asked for


def test_damaged_packets_are_skipped_and_counted(tmp_path: Path) -> None:
    whole = made(tmp_path / "clip.mp4", Recipe("mjpeg", "yuvj420p", count=40))
    data = bytearray(whole.read_bytes())
    starts = [at for at in range(len(data) - 2) if data[at : at + 3] == b"\xff\xd8\xff"]
    for start, end in pairwise(starts[10:21]):
        data[start:end] = bytes(end - start)
    (tmp_path / "damaged.mp4").write_bytes(data)
    clip, times_s, pictures = read(tmp_path / "damaged.mp4")
    assert clip.damaged == 10
    assert [number_of(picture) for picture in pictures] == [*range(10), *range(20, 40)]
    assert times_s == pytest.approx([number / 25 for number in (*range(10), *range(20, 40))])


def test_frames_before_a_cut_are_given(tmp_path: Path) -> None:
    for suffix in ("mkv", "ts", "avi"):
        path = made(tmp_path / f"clip.{suffix}", Recipe("mpeg4", count=40))
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
        _, times_s, pictures = read(path)
        numbers = [number_of(picture) for picture in pictures]
        assert 8 < len(numbers) < 40
        assert all(earlier < later for earlier, later in pairwise(times_s))
        assert numbers[:8] == list(range(8))
