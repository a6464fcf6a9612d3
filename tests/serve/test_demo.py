import hashlib
import socket
from pathlib import Path

import pytest

from bench import samples
from passerby.errors import InputError
from passerby.serve import demo_clip as clips
from passerby.serve.demo import PORT, demo_site, free_port
from passerby.serve.demo_clip import IN_SAMPLES, SAMPLES_VARIABLE, demo_clip

CONTENT = b"not the real clip"


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Lets a small file pass for the clip."""
    monkeypatch.setattr(clips, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    return CONTENT


def silence(_line: str) -> None:
    """Says nothing."""


def test_the_demonstration_is_a_site_like_any_other(tmp_path: Path) -> None:
    with demo_site(tmp_path / 'a "quoted" \\ clip.avi') as site:
        (camera,) = site.cameras
        assert camera.source.get_secret_value().endswith('a "quoted" \\ clip.avi')
        assert camera.loop
        assert site.recording.enabled
        folder = site.state_folder.parent
        assert folder.is_dir()
    assert not folder.exists()


def test_a_port_that_is_taken_makes_way_for_any_other() -> None:
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", PORT))
        except OSError:
            pytest.skip(f"somebody else uses port {PORT}")
        assert free_port() == 0
    assert free_port() == PORT


def test_the_clip_is_taken_from_the_samples(tmp_path: Path, pinned: bytes) -> None:
    sample = tmp_path / IN_SAMPLES
    sample.parent.mkdir(parents=True)
    sample.write_bytes(pinned)
    assert demo_clip({SAMPLES_VARIABLE: str(tmp_path)}, tmp_path / "cache", silence) == sample


def test_another_file_under_the_clips_name_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = tmp_path / IN_SAMPLES
    sample.parent.mkdir(parents=True)
    sample.write_bytes(b"something else")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="no apt-get") as error:
        demo_clip({SAMPLES_VARIABLE: str(tmp_path)}, tmp_path / "cache", silence)
    assert SAMPLES_VARIABLE in error.value.hint


def test_a_clip_that_was_fetched_once_is_not_fetched_again(tmp_path: Path, pinned: bytes) -> None:
    cached = tmp_path / "samples" / f"vtest-{clips.SHA256[:12]}.avi"
    cached.parent.mkdir()
    cached.write_bytes(pinned)
    assert demo_clip({}, tmp_path, silence) == cached


def test_a_download_that_fails_is_one_line_with_a_way_out_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tool in ("apt-get", "dpkg-deb"):
        (tmp_path / tool).symlink_to("/bin/false")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="apt-get failed with code 1"):
        demo_clip({}, tmp_path, silence)
    assert list((tmp_path / "samples").iterdir()) == []


def test_the_pinned_clip_is_the_one_that_the_benches_use() -> None:
    assert (clips.SHA256, clips.IN_SAMPLES, clips.MEMBER) == (samples.PETS_SHA256, samples.PETS_CLIP, samples.MEMBER)
