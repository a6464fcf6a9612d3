import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import pytest

from passerby.errors import InputError
from passerby.sealed.capture.clip import open_clip
from tests.support.clips import Recipe, drawn, write_clip, write_sound

KEY = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "00112233445566778899aabbccddeeff", "encryption_kid": "f" * 32}


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        open_clip(path)
    error = caught.value
    assert str(path) in error.message
    assert error.hint
    assert "\n" not in str(error)
    return error


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "nothing.mp4").message


def test_a_folder_is_no_clip(tmp_path: Path) -> None:
    assert "folder" in refusal(tmp_path).message


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "pipe" in refusal(tmp_path / "pipe.mp4").message


def test_a_device_is_refused() -> None:
    assert "device" in refusal(Path("/dev/zero")).message


def test_an_empty_file_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert "empty" in refusal(tmp_path / "empty.mp4").message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_named_as_such(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", Recipe(count=1))
    path.chmod(0)
    assert "may not be read" in refusal(path).message


def test_a_permission_error_of_the_system_is_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert "may not be read" in refusal(tmp_path / "clip.mp4").message


def test_an_error_of_the_disk_while_reading_is_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_clip(tmp_path / "clip.mp4", Recipe())

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", fail)
    assert "Input/output error" in refusal(path).message


@pytest.mark.parametrize("name", ["x.txt", "x.mp4", "x.ans", "x.nfo", "x.yuv"])
def test_text_is_no_video_under_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Just some words, line after line.\n" * 200)
    assert "no video" in refusal(tmp_path / name).message


@pytest.mark.parametrize("size", [1, 100, 5000])
def test_noise_is_no_video(tmp_path: Path, size: int) -> None:
    (tmp_path / "noise.mp4").write_bytes(bytes(range(7, 256)) * (size // 249) + b"x" * (size % 249))
    assert "no video" in refusal(tmp_path / "noise.mp4").message


@pytest.mark.parametrize("name", ["picture.png", "picture.jpg", "picture%d.png"])
def test_a_picture_is_no_video(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(cv2.imencode(path.suffix, drawn(0))[1].tobytes())
    assert "no video" in refusal(path).message


def test_sound_alone_is_named_as_such(tmp_path: Path) -> None:
    assert "only sound," in refusal(write_sound(tmp_path / "sound.m4a", cover=False)).message


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    assert "only sound and a cover picture," in refusal(write_sound(tmp_path / "sound.m4a", cover=True)).message


def test_an_encrypted_mp4_is_named_as_such(tmp_path: Path) -> None:
    assert "encrypted" in refusal(write_clip(tmp_path / "clip.mp4", Recipe(container_options=KEY))).message


def test_an_encrypted_webm_is_named_as_such(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.webm", Recipe("libvpx-vp9"))
    assert open_clip(path).info.codec == "vp9"
    # ContentEncodings of a track (RFC 9559, 5.1.4.1.31) that name a key, as WebM does it.
    path.write_bytes(with_track_element(path.read_bytes(), bytes.fromhex("6d80 94 6240 91 5033 81 01 5035 8a 47e1 81 05 47e2 83") + b"key"))
    assert "encrypted" in refusal(path).message


def with_track_element(data: bytes, element: bytes) -> bytes:
    """Matroska data whose first track ends with another element; the sizes of the track and of the list of tracks become eight bytes long."""
    tracks = data.index(bytes.fromhex("1654ae6b"))
    tracks_body, tracks_end = element_span(data, tracks + 4)
    track = data.index(b"\xae", tracks_body)
    track_body, track_end = element_span(data, track + 1)
    grown = data[track_body:track_end] + element
    body = data[tracks_body : track + 1] + long_size(len(grown)) + grown + data[track_end:tracks_end]
    return data[: tracks + 4] + long_size(len(body)) + body + data[tracks_end:]


def element_span(data: bytes, at: int) -> tuple[int, int]:
    """Where the body of an element begins and ends whose size stands at `at` (RFC 8794, 4)."""
    length = 9 - data[at].bit_length()
    body = at + length
    return body, body + (int.from_bytes(data[at:body], "big") & (1 << 7 * length) - 1)


def long_size(size: int) -> bytes:
    return (size | 1 << 56).to_bytes(8, "big")


def test_a_codec_that_nobody_knows_is_named_as_such(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", Recipe())
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    assert "codec is not supported" in refusal(path).message


def test_a_file_without_a_single_whole_picture_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", Recipe("mjpeg", "yuvj420p"))
    data = path.read_bytes()
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    path.write_bytes(data[:start] + bytes(end - start) + data[end:])
    assert "no picture could be decoded" in refusal(path).message


def test_pictures_of_a_giant_size_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.gif", Recipe("gif", "rgb8", count=1, time_base=Fraction(1, 10)))
    data = bytearray(path.read_bytes())
    assert int.from_bytes(data[6:8], "little") == 96
    data[6:10] = (6000).to_bytes(2, "little") * 2  # a canvas of 144 MB around a small picture
    path.write_bytes(data)
    assert "million pixels" in refusal(path).hint
    data[6:10] = (2000).to_bytes(2, "little") * 2
    path.write_bytes(data)
    assert open_clip(path).info.size.width_px == 2000


def test_metadata_in_any_encoding_does_not_matter(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mkv", Recipe(metadata={"title": "TITLETITLE"}))
    path.write_bytes(path.read_bytes().replace(b"TITLETITLE", b"\xff\xfe\xe9\x80TITLE\xff"))
    assert open_clip(path).info.codec == "h264"


def test_of_several_streams_the_largest_picture_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as output:
        streams = [output.add_stream("mpeg4", rate=25, width=width, height=64, pix_fmt="yuv420p") for width in (64, 160, 96)]
        for stream in streams:
            frame = av.VideoFrame.from_ndarray(drawn(0, stream.width, 64), "bgr24")
            frame.pts = 0
            output.mux(stream.encode(frame) + stream.encode(None))
    assert open_clip(path).info.size.width_px == 160


def _m3u8(segment: Path) -> str:
    return f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:1.0,\n{segment}\n#EXT-X-ENDLIST\n"


def _concat(segment: Path) -> str:
    return f"ffconcat version 1.0\nfile '{segment}'\n"


def _dash(segment: Path) -> str:
    return f"""<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S" minBufferTime="PT1S"
        profiles="urn:mpeg:dash:profile:isoff-main:2011"><Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="1">
        <BaseURL>{segment}</BaseURL></Representation></AdaptationSet></Period></MPD>"""


def _session(segment: Path) -> str:
    return "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"


@pytest.mark.parametrize("playlist", [_m3u8, _concat, _dash, _session])
@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4", "list.ffconcat", "list.mpd", "list.sdp"])
def test_a_playlist_opens_no_other_file(tmp_path: Path, playlist: Callable[[Path], str], name: str) -> None:
    segment = write_clip(tmp_path / "segment.ts", Recipe(count=3))
    (tmp_path / name).write_text(playlist(segment))
    assert "no video" in refusal(tmp_path / name).message


def test_the_playlists_of_the_test_before_are_live_traps(tmp_path: Path) -> None:
    segment = write_clip(tmp_path / "segment.ts", Recipe(count=3))
    for playlist, name, options in ((_m3u8, "list.m3u8", {}), (_concat, "list.ffconcat", {"safe": "0"})):
        (tmp_path / name).write_text(playlist(segment))
        with av.open(str(tmp_path / name), container_options=options) as container:
            assert next(container.decode(video=0)).width == 96


@pytest.mark.parametrize(
    "name", ["concat:a.ts|a.ts", "subfile,,start,0,end,0,,:a.ts", "file:a.ts", "http://127.0.0.1:9/a.ts", "-", "data:a", "a%d.ts"]
)
def test_a_name_is_a_name_and_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_clip(tmp_path / "a.ts", Recipe(count=1))
    write_clip(tmp_path / "a1.ts", Recipe(count=1))
    monkeypatch.chdir(tmp_path)
    assert "no such file" in refusal(Path(name)).message


def test_nothing_is_said_on_standard_error(tmp_path: Path) -> None:
    bad = write_clip(tmp_path / "bad.mp4", Recipe(count=30))
    data = bytearray(bad.read_bytes())
    for at in range(200, len(data), 97):
        data[at] ^= 0x55
    bad.write_bytes(data)
    (tmp_path / "cut.mkv").write_bytes(write_clip(tmp_path / "whole.mkv", Recipe(count=30)).read_bytes()[:2000])
    (tmp_path / "text.mp4").write_text("text")
    program = (
        "import sys; from pathlib import Path\n"
        "from passerby.errors import InputError\n"
        "from passerby.sealed.capture.clip import open_clip\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        for frame in open_clip(Path(name)).frames(): frame.bgr()\n"
        "    except InputError: pass\n"
    )
    files = [str(tmp_path / name) for name in ("bad.mp4", "cut.mkv", "text.mp4", "none.mp4")]
    done = subprocess.run(
        [sys.executable, "-c", program, *files],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.stdout, done.stderr) == ("", "")
