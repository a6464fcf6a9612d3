"""Files that stand for cameras."""

from itertools import pairwise
from pathlib import Path

import pytest

from passerby.released.messages import CaptureState, Reason
from tests.support.clips import Recipe, write_clip
from tests.support.watched_camera import WatchedCamera

COUNT = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "a clip.mp4", Recipe(count=COUNT))


def test_a_loop_goes_on_without_a_seam(clip: Path) -> None:
    with WatchedCamera(clip.as_uri()) as watched:
        seen = watched.first(COUNT * 2 + 3)
    assert [picture.number for picture in seen] == [number % COUNT for number in range(len(seen))]
    steps = [later.media_s - earlier.media_s for earlier, later in pairwise(seen) if later.media_s is not None and earlier.media_s is not None]
    assert steps == pytest.approx([steps[0]] * (len(seen) - 1), abs=0.002)
    assert {picture.connection for picture in seen} == {1}
    assert watched.camera.health().repaired == 0


def test_its_pictures_come_when_they_are_due(clip: Path) -> None:
    with WatchedCamera(clip.as_uri()) as watched:
        seen = watched.first(COUNT)
    assert seen[-1].media_s is not None
    assert seen[-1].captured_monotonic_s - seen[0].captured_monotonic_s >= seen[-1].media_s - 0.001


def test_a_file_that_is_not_looped_ends_once(clip: Path) -> None:
    with WatchedCamera(clip.as_uri(), loop=False) as watched:
        watched.until(lambda: any(state.state is CaptureState.ENDED for state in watched.states), "its end")
    assert [picture.number for picture in watched.seen] == list(range(COUNT))
    health = watched.camera.health()
    assert (health.reason, health.received, health.codec) == (Reason.NONE, COUNT, "h264")
    assert health.received_bytes > 0


def test_a_file_that_is_missing_is_waited_for(clip: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.mp4"
    with WatchedCamera(later.as_uri()) as watched:
        assert watched.fails().reason is Reason.NOT_FOUND
        later.write_bytes(clip.read_bytes())
        watched.pictures(2)


def test_a_file_that_is_no_video_is_called_so(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", "utf-8")
    with WatchedCamera(text.as_uri()) as watched:
        assert watched.fails().reason is Reason.DAMAGED


def test_a_folder_is_no_camera(tmp_path: Path) -> None:
    with WatchedCamera(tmp_path.as_uri()) as watched:
        assert watched.fails().reason in {Reason.NOT_FOUND, Reason.DAMAGED}


def test_what_is_no_address_gives_no_picture_and_ends_nothing() -> None:
    with WatchedCamera("sesame") as watched:
        assert watched.fails().reason is Reason.NOT_FOUND


def test_a_file_stops_at_once(tmp_path: Path) -> None:
    slow = write_clip(tmp_path / "slow.mp4", Recipe(count=300))
    with WatchedCamera(slow.as_uri()) as watched:
        watched.pictures(2)
        watched.camera.stop()
        assert not watched.camera._thread.is_alive()
        assert watched.camera.health().received < 250
