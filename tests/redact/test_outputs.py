"""Which clips are meant, where outputs go, and what they never replace."""

import os
from pathlib import Path

import pytest

from passerby.errors import InputError, OutputError, SettingsError
from passerby.redact.outputs import expand, plan, report_path, targets_of, written_beside
from passerby.redact.settings import RedactSettings
from passerby.released.video import Mp4Writer
from tests.support.clips import Recipe, write_clip
from tests.support.redaction import names_in, redacted, report_of


def touched(folder: Path, *names: str) -> list[Path]:
    """Empty files of these names."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return [folder / name for name in names]


# Which clips are meant


def test_a_folder_stands_for_its_videos_by_name(tmp_path: Path) -> None:
    touched(tmp_path, "b.MP4", "a.mkv", "notes.txt", ".hidden.mp4", "a.redacted.mp4", "deeper/c.mp4", "report.json", "d.gif")
    (tmp_path / "folder.mp4").mkdir()
    assert expand([str(tmp_path)]) == [tmp_path / "a.mkv", tmp_path / "b.MP4", tmp_path / "d.gif"]


def test_a_pattern_stands_for_what_it_matches_but_for_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touched(tmp_path, "a1.mp4", "a2.mp4", "a2.redacted.mp4", "b.mp4", "deeper/a3.mp4")
    monkeypatch.chdir(tmp_path)
    assert expand(["a*.mp4"]) == [Path("a1.mp4"), Path("a2.mp4")]
    assert expand(["**/a*.mp4"]) == [Path("a1.mp4"), Path("a2.mp4"), Path("deeper/a3.mp4")]
    assert expand([str(tmp_path / "a?.mp4")]) == [tmp_path / "a1.mp4", tmp_path / "a2.mp4"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    (odd,) = touched(tmp_path, "camera[1]*.mp4")
    touched(tmp_path, "camera1.mp4")
    assert expand([str(odd)]) == [odd]


def test_a_clip_that_is_named_twice_is_one(tmp_path: Path) -> None:
    (clip,) = touched(tmp_path, "a.mp4")
    assert expand([str(clip), str(tmp_path), str(clip)]) == [clip]


def test_a_file_that_is_missing_is_left_to_whoever_opens_it() -> None:
    assert expand(["missing.mp4"]) == [Path("missing.mp4")]


@pytest.mark.parametrize("text", ["", "x" * 5000, "nothing/like/this/*.mp4", "clips/**.mp4", "clips/***/a"])
def test_names_that_mean_nothing_are_an_error_with_a_hint(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touched(tmp_path, "clips/a.mp4")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as told:
        expand([text])
    assert told.value.hint


def test_a_folder_without_videos_says_which_endings_are_known(tmp_path: Path) -> None:
    touched(tmp_path, "notes.txt")
    with pytest.raises(InputError, match=r"holds no video.*\.mkv"):
        expand([str(tmp_path)])


# Where outputs go


def test_without_a_name_the_output_goes_beside_the_clip() -> None:
    assert plan([Path("in/a.mkv"), Path("b.mp4")], None) == [
        (Path("in/a.mkv"), Path("in/a.redacted.mp4")),
        (Path("b.mp4"), Path("b.redacted.mp4")),
    ]


def test_a_folder_takes_all_outputs(tmp_path: Path) -> None:
    assert plan([Path("in/a.mkv"), Path("b.mp4")], tmp_path) == [
        (Path("in/a.mkv"), tmp_path / "a.redacted.mp4"),
        (Path("b.mp4"), tmp_path / "b.redacted.mp4"),
    ]


def test_a_single_clip_may_go_into_a_file(tmp_path: Path) -> None:
    assert plan([Path("a.mkv")], tmp_path / "out.MP4") == [(Path("a.mkv"), tmp_path / "out.MP4")]


@pytest.mark.parametrize("name", ["out.avi", "out.json", "out.mkv", "out.mp4.partial"])
def test_an_output_that_is_not_called_mp4_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ends in \.mp4"):
        plan([Path("a.mkv")], tmp_path / name)


@pytest.mark.parametrize("clips", [1, 2])
def test_a_folder_that_does_not_exist_is_not_made(clips: int, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        plan([Path(f"{number}.mp4") for number in range(clips)], tmp_path / "out")
    assert names_in(tmp_path) == set()


def test_several_clips_do_not_go_into_one_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="2 clips cannot go into the one file"):
        plan([Path("a.mp4"), Path("b.mp4")], tmp_path / "out.mp4")


def test_two_clips_that_would_have_one_output_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="would both become"):
        plan([Path("in/a.mp4"), Path("in/a.avi")], tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(SettingsError, match="would both become"):
        plan([tmp_path / "a.mp4", tmp_path / "link" / "a.avi"], None)


def test_what_an_earlier_run_wrote_beside_a_clip_is_no_clip(tmp_path: Path) -> None:
    """A shell's *.mp4 names it as well."""
    clips = touched(tmp_path, "a.mp4", "a.redacted.mp4", "b.redacted.mp4")
    assert [clip.name for clip, _ in plan(clips, None)] == ["a.mp4", "b.redacted.mp4"]


@pytest.mark.parametrize("link", ["symbolic link", "hard link"])
def test_an_output_that_is_another_clip_is_refused(link: str, tmp_path: Path) -> None:
    first, second = touched(tmp_path, "in/a.mp4", "in/b.mp4")
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "a.redacted.mp4"
    target.symlink_to(second) if link == "symbolic link" else target.hardlink_to(second)
    with pytest.raises(OutputError, match="is an input"):
        plan([first, second], tmp_path / "out")


def test_many_clips_are_planned_quickly_enough_to_notice_no_squares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    realpath = os.path.realpath

    def counting(path: str | os.PathLike[str]) -> str:
        nonlocal asked
        asked += 1
        return realpath(path)

    monkeypatch.setattr(os.path, "realpath", counting)
    plan([Path(f"{number}.mp4") for number in range(200)], tmp_path)
    assert asked < 10 * 200


def test_a_report_lies_beside_its_clip_and_a_preview_has_a_name_of_its_own() -> None:
    assert report_path(Path("out/a.redacted.mp4")) == Path("out/a.redacted.json")
    assert targets_of(Path("a.mp4"), Path("p.png")) == (Path("a.mp4"), Path("a.json"), Path("p.png"))


def test_a_file_beside_has_no_name_until_it_is_given_one(tmp_path: Path) -> None:
    with written_beside(tmp_path / "a.json", b"data", overwrite=False) as partial:
        assert not (tmp_path / "a.json").exists()
        partial.commit()
    assert (tmp_path / "a.json").read_bytes() == b"data"
    with pytest.raises(KeyboardInterrupt), written_beside(tmp_path / "b.json", b"data", overwrite=False):
        raise KeyboardInterrupt
    assert names_in(tmp_path) == {"a.json"}


# What is never replaced, and what is not left behind


def test_an_output_that_exists_is_not_replaced_unless_asked_for(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=3))
    for name in ("out.mp4", "out.json", "place.png"):
        (tmp_path / name).write_bytes(b"precious")
        with pytest.raises(OutputError, match=f"{name}: exists already"):
            redacted(clip, tmp_path / "out.mp4", preview=tmp_path / "place.png")
        assert (tmp_path / name).read_bytes() == b"precious"
        assert names_in(tmp_path) == {"clip.mp4", name}
        (tmp_path / name).unlink()
    for name in ("out.mp4", "out.json", "place.png"):
        (tmp_path / name).write_bytes(b"old")
    redacted(clip, tmp_path / "out.mp4", preview=tmp_path / "place.png", overwrite=True)
    assert names_in(tmp_path) == {"clip.mp4", "out.mp4", "out.json", "place.png"}
    assert report_of(tmp_path / "out.mp4")["frames"] == 3
    assert b"old" not in {(tmp_path / name).read_bytes() for name in ("out.mp4", "place.png")}


def test_what_cannot_be_written_is_known_before_the_work(tmp_path: Path) -> None:
    """Hours of learning must not end with a missing folder."""
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=3))
    begun: list[str] = []
    for output, preview in ((tmp_path / "no" / "out.mp4", None), (tmp_path / "out.mp4", tmp_path / "no" / "place.png")):
        with pytest.raises(OutputError, match="there is no folder"):
            redacted(clip, output, preview=preview, progress=lambda stage, _: begun.append(stage))
    assert begun == []
    assert names_in(tmp_path) == {"clip.mp4"}


@pytest.mark.parametrize("link", ["name", "symbolic link", "hard link"])
def test_the_clip_is_never_overwritten_by_whatever_name(link: str, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=3))
    before, other = clip.read_bytes(), tmp_path / "other.mp4"
    if link == "name":
        other = tmp_path / "." / "x" / ".." / "clip.mp4"
        (tmp_path / "x").mkdir()
    elif link == "symbolic link":
        other.symlink_to(clip)
    else:
        other.hardlink_to(clip)
    there = names_in(tmp_path)
    with pytest.raises(OutputError, match="is an input"):
        redacted(clip, other, overwrite=True)
    with pytest.raises(OutputError, match="is an input"):
        redacted(clip, tmp_path / "out.mp4", preview=other, overwrite=True)
    assert clip.read_bytes() == before
    assert names_in(tmp_path) == there


def test_the_report_never_takes_the_place_of_the_clip(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.json", Recipe(count=3), container="mp4")
    before = clip.read_bytes()
    with pytest.raises(OutputError, match="is an input"):
        redacted(clip, tmp_path / "clip.mp4", overwrite=True)
    assert clip.read_bytes() == before


@pytest.mark.parametrize("preview", ["out.mp4", "out.json"])
def test_the_preview_never_takes_the_place_of_the_other_outputs(preview: str, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=3))
    with pytest.raises(SettingsError, match="would take the place"):
        redacted(clip, tmp_path / "out.mp4", preview=tmp_path / preview)


def test_a_range_without_frames_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=3))
    with pytest.raises(InputError, match="no frame lies in the range"):
        redacted(clip, tmp_path / "out.mp4", RedactSettings(from_s=100))
    assert names_in(tmp_path) == {"clip.mp4"}


def test_nothing_is_left_when_the_report_cannot_be_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills up at the very end: the clip gets no name either."""
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=3))

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="the disk is full"):
        redacted(clip, tmp_path / "out.mp4")
    assert names_in(tmp_path) == {"clip.mp4"}


def test_nothing_is_left_when_the_clip_cannot_be_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a report nor a preview may lie there alone."""
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=3))

    def full(self: Mp4Writer) -> None:
        self.discard()
        raise OutputError("the disk is full", "free some space")

    monkeypatch.setattr(Mp4Writer, "close", full)
    with pytest.raises(OutputError, match="the disk is full"):
        redacted(clip, tmp_path / "out.mp4", preview=tmp_path / "place.png")
    assert names_in(tmp_path) == {"clip.mp4"}
