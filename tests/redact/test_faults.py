"""What goes wrong within a clip withholds, is told in the report, and costs no frame: from a file to the pixels of the output."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import DetectorError
from passerby.redact.settings import RedactSettings
from passerby.released.geometry import check
from passerby.released.scene import GateHealth, GateState, Kind, Level, Scene, Size
from passerby.sealed.capture.clip import open_clip
from passerby.sealed.gate.detector import Boxes, Detector
from passerby.sealed.gate.glyphs import PersonHeight, Subject, glyphs_of
from passerby.sealed.gate.grid import Grid
from tests.support.clips import Recipe, write_clip
from tests.support.detectors import INPUT_PX, Blind, Finder
from tests.support.redaction import SHARP, STAGE, facts_of, is_near, passing_by, redacted, report_of, size_px, times_of, write_play
from tests.support.scenes import Figure, Picture, Play, Stage, figure_pixels, shifted, stands, walks

CLOSE = 24
HZ = 5


@dataclass(frozen=True)
class Result:
    """A redaction of a play: what it shows, and what the report says."""

    play: Play
    clip: Path
    pictures: list[Picture]
    report: dict[str, Any]

    def shown(self, time_s: float, place: Picture | None = None) -> float:
        """The share of the picture that looks like the place at a time (or like another picture)."""
        picture = self.pictures[round(time_s * self.play.hz)]
        return float(is_near(picture, self.play.stage.empty if place is None else place, CLOSE).mean())

    def states(self, from_s: float, to_s: float) -> set[str]:
        """The faults that the report tells of a time."""
        return {f["state"] for f in self.report["faults"] if f["time_s"] < to_s and (f["until_s"] is None or f["until_s"] > from_s)}

    def withheld(self, from_s: float, to_s: float) -> list[float]:
        """The report's shares withheld, second by second."""
        values: list[float] = self.report["withheld_share"]["values"]
        return values[round(from_s) : round(to_s)]


def run(folder: Path, play: Play, detector: Detector | None = None, codec: tuple[str, str] = ("libx264", "yuv420p")) -> Result:
    """Redacts a play, and makes sure that no frame is lost."""
    options = SHARP if codec[0] == "libx264" else {}
    recipe = Recipe(*codec, options=options, count=len(play.times_s), time_base=1 / Fraction(play.hz), size_px=size_px(play))
    clip = write_play(folder / "clip.mkv", play, recipe)
    outcome = redacted(clip, folder / "out.mp4", RedactSettings(caption=False), detector)
    assert times_of(outcome.output) == times_of(clip)
    assert outcome.frames == len(play.times_s)
    report = report_of(outcome.output)
    assert report["frames"] == len(play.times_s)
    return Result(play, clip, facts_of(outcome.output).pictures, report)


# The camera


def changing(seconds: float, change: Callable[[Picture, float], Picture]) -> Play:
    """Somebody walks by while something happens to what the camera gives."""
    inner = passing_by(seconds=seconds)
    return Play(inner.stage, inner.figures, seconds, HZ, camera=change)


def test_a_bumped_camera_is_said_and_withheld_around_the_bump(tmp_path: Path) -> None:
    done = run(tmp_path, changing(40, lambda picture, time_s: shifted(picture, 12, 0) if time_s >= 20 else picture))
    assert done.report["camera_fixed"] is False
    assert any("the camera moved" in note for note in done.report["notes"])
    assert "moved" in done.states(19, 22)
    assert done.withheld(20, 22) == [1.0, 1.0]
    for time_s in (20.0, 20.2, 20.4, 20.8, 21.4):
        assert done.shown(time_s) < 0.35, f"a place is shown at {time_s} s"
    assert done.shown(10) > 0.95
    assert done.shown(35, shifted(done.play.stage.empty, 12, 0)) > 0.95
    assert len(done.report["blocks"]["segments"]) == 2
    assert not any(figure_pixels(picture).any() for picture in done.pictures)


@pytest.mark.parametrize("hz", [1.0, 2.0, 12.5, 25.0])
def test_no_frame_after_a_bump_shows_the_place_before_it_whatever_the_frame_rate(hz: float, tmp_path: Path) -> None:
    """A bump is sure only after several looks, which are seconds apart where frames are."""
    stage = Stage(96, 72, contrast=45)
    seconds, at_s = (60.0, 30.0) if hz < 2 else (30.0, 15.12)
    done = run(tmp_path, Play(stage, (), seconds, hz, camera=lambda picture, time_s: shifted(picture, 12, 0) if time_s >= at_s else picture))
    assert done.report["camera_fixed"] is False
    new = shifted(stage.empty, 12, 0)
    for number, picture in enumerate(done.pictures):
        wrong, right = (stage.empty, new) if number / hz >= at_s else (new, stage.empty)
        assert (is_near(picture, wrong, 10) & ~is_near(picture, right, 30)).mean() < 0.02, f"at {number / hz} s"
    assert done.shown(at_s / 2) > 0.9
    assert done.shown(seconds - 2, new) > 0.9


def test_a_cut_to_another_place_never_shows_one_place_at_the_time_of_the_other(tmp_path: Path) -> None:
    other = Stage(*size_px(passing_by()), seed=77, contrast=45)
    done = run(tmp_path, changing(40, lambda picture, time_s: other.seen(other.empty, time_s) if time_s >= 20 else picture))
    assert done.states(19, 22)
    assert done.shown(35, other.empty) > 0.9
    assert done.shown(10) > 0.9
    for number, picture in enumerate(done.pictures):
        wrong = other.empty if number < 20 * HZ else done.play.stage.empty
        right = done.play.stage.empty if number < 20 * HZ else other.empty
        shows_wrong = is_near(picture, wrong, 10) & ~is_near(picture, right, 30)
        assert shows_wrong.mean() < 0.05, f"frame {number}"


def test_three_black_seconds_are_withheld_and_the_place_comes_back(tmp_path: Path) -> None:
    done = run(tmp_path, changing(40, lambda picture, time_s: np.zeros_like(picture) if 20 <= time_s < 23 else picture))
    assert "covered" in done.states(20, 23)
    assert done.report["camera_fixed"] is True
    assert any("covered" in note for note in done.report["notes"])
    assert min(done.withheld(20, 23)) == 1.0
    assert done.shown(10) > 0.95
    assert done.shown(36) > 0.95
    assert sum(done.report["seconds_by_state"].values()) == pytest.approx(39.8, abs=0.01)


def test_a_switched_light_is_said_and_the_place_is_shown_in_the_new_light(tmp_path: Path) -> None:
    done = run(tmp_path, changing(40, lambda picture, time_s: (picture * 0.55).astype(np.uint8) if time_s >= 20 else picture))
    assert done.states(19, 22) & {"light_changed", "moved"}
    assert done.shown(10) > 0.95
    assert done.shown(37, (done.play.stage.empty * 0.55).astype(np.uint8)) > 0.9
    assert not any(figure_pixels(picture).any() for picture in done.pictures)


def test_a_shaking_camera_is_said_and_shows_nothing(tmp_path: Path) -> None:
    """Held in a hand: the view wanders by several pixels from look to look."""
    rng = np.random.default_rng(5)
    path = np.cumsum(rng.integers(-9, 10, (400, 2)), axis=0)
    done = run(tmp_path, changing(30, lambda picture, time_s: shifted(picture, *path[round(time_s * HZ)].tolist())))
    assert done.report["camera_fixed"] is False
    values = done.report["withheld_share"]["values"]
    assert np.mean(np.array(values) == 1.0) > 0.9
    assert any("the camera moved" in note for note in done.report["notes"])
    assert not any(figure_pixels(picture).any() for picture in done.pictures)


def test_a_frozen_camera_is_said_and_withheld(tmp_path: Path) -> None:
    inner = passing_by(seconds=40)
    stuck = inner.picture(20.0)
    play = changing(40, lambda picture, time_s: stuck if 12 <= time_s < 30 else picture)
    done = run(tmp_path, play, codec=("ffv1", "bgr0"))  # an encoder that forgets nothing
    assert "frozen" in done.states(23, 30)
    assert done.withheld(24, 30) == [1.0] * 6
    assert done.shown(38) > 0.95


def test_a_clip_that_is_black_throughout_is_hatch_and_says_why(tmp_path: Path) -> None:
    done = run(tmp_path, Play(STAGE, seconds=10, hz=HZ, camera=lambda picture, _: np.zeros_like(picture)))
    assert set(done.report["withheld_share"]["values"]) == {1.0}
    assert "covered" in done.states(0, 10)
    assert done.report["blocks"]["shown"] == 0


def test_a_long_black_clip_needs_no_plate_for_every_look(tmp_path: Path) -> None:
    """Each plate holds a picture: hours of black must not fill the memory."""
    play = Play(Stage(48, 32), seconds=80, hz=HZ, camera=lambda picture, time_s: np.zeros_like(picture) if time_s >= 10 else picture)
    assert len(run(tmp_path, play).report["blocks"]["segments"]) <= 3


# The detector


class Answering:
    """A detector that answers with a function of how many looks there were and what it is shown."""

    input_px = INPUT_PX

    def __init__(self, answer: Callable[[int, Picture], Boxes]) -> None:
        self._answer = answer
        self._inner = Finder()
        self.looks = 0

    def detect(self, picture: Picture) -> Boxes:
        self.looks += 1
        self._answer(self.looks, picture)
        return self._inner.detect(picture)


def fails_when(condition: Callable[[int, Picture], bool]) -> Answering:
    def answer(look: int, picture: Picture) -> Boxes:
        if condition(look, picture):
            raise DetectorError("the runtime failed")
        return Boxes.none()

    return Answering(answer)


def test_a_detector_that_fails_once_withholds_until_the_next_look(tmp_path: Path) -> None:
    done = run(tmp_path, passing_by(seconds=20), fails_when(lambda look, _: look == 12))
    (fault,) = done.report["faults"]
    assert fault["state"] == "detector_failed"
    assert 0.4 <= fault["until_s"] - fault["time_s"] <= 1.6
    assert done.shown(fault["time_s"]) < 0.35
    assert done.shown(18) > 0.95
    assert any("the detector failed" in note for note in done.report["notes"])
    assert not any(figure_pixels(picture).any() for picture in done.pictures)


def test_a_detector_that_always_fails_shows_nothing_and_the_report_says_why(tmp_path: Path) -> None:
    done = run(tmp_path, passing_by(), fails_when(lambda *_: True))
    assert set(done.report["withheld_share"]["values"]) == {1.0}
    assert set(done.report["seconds_by_state"]) == {"detector_failed"}
    assert done.report["blocks"]["shown"] == 0


def test_a_detector_that_fails_in_the_looks_before_release_shows_nothing_and_the_report_says_why(tmp_path: Path) -> None:
    whole = STAGE.empty.shape[:2]
    done = run(tmp_path, passing_by(), fails_when(lambda _, picture: picture.shape[:2] != whole))
    assert set(done.report["withheld_share"]["values"]) == {1.0}
    assert done.report["blocks"]["shown"] == 0
    assert "detector_failed" in done.states(0, 12)
    assert any("the detector failed" in note for note in done.report["notes"])


def test_a_detector_that_sees_nobody_while_somebody_moves_vouches_for_nothing(tmp_path: Path) -> None:
    walker = Figure(lambda time_s: (20 + 60 * (0.5 + 0.5 * float(np.sin(time_s))), 50.0), 14, 36)
    done = run(tmp_path, Play(STAGE, [walker, Figure(stands(120, 80))], 40, HZ), Blind())
    assert "detector_failed" in done.states(20, 40)
    assert done.report["blocks"]["shown"] == 0
    assert not any(figure_pixels(picture).any() for picture in done.pictures)


def test_what_a_detector_raises_beside_that_stops_the_work_and_leaves_nothing(tmp_path: Path) -> None:
    def broken(look: int, _picture: Picture) -> Boxes:
        raise ZeroDivisionError(f"look {look}")

    play = passing_by()
    clip = write_play(tmp_path / "clip.mp4", play)
    with pytest.raises(ZeroDivisionError):
        redacted(clip, tmp_path / "out.mp4", RedactSettings(), Answering(broken))
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


# The file


def write_two_sizes(path: Path, play: Play, from_number: int, to_number: int) -> Path:
    """A clip in which some frames are smaller: parts from three encoders, one after the other, as FLV and TS allow."""
    width, height = size_px(play)
    with av.open(str(path), "w", format="mpegts") as output:
        stream = output.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        packets = []
        for first, last, scale in ((0, from_number, 1.0), (from_number, to_number, 0.5), (to_number, len(play.times_s), 1.0)):
            encoder = av.CodecContext.create("mpeg2video", "w")
            encoder.width, encoder.height, encoder.pix_fmt = int(width * scale), int(height * scale), "yuv420p"
            encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, 25), Fraction(25), 12
            encoder.options = {"qmin": "1", "qmax": "3"}
            for number in range(first, last):
                picture = cv2.resize(play.picture(play.times_s[number]), (encoder.width, encoder.height), interpolation=cv2.INTER_AREA)
                frame = av.VideoFrame.from_ndarray(np.asarray(picture, np.uint8), "bgr24").reformat(format="yuv420p")
                frame.pts = number - first
                packets += [(first, packet) for packet in encoder.encode(frame)]
            packets += [(first, packet) for packet in encoder.encode(None)]
        for number, (_, packet) in enumerate(packets):
            copy = av.Packet(bytes(packet))
            copy.stream, copy.time_base, copy.is_keyframe = stream, Fraction(1, 25), packet.is_keyframe
            copy.pts = copy.dts = number
            output.mux(copy)
    return path


@pytest.mark.parametrize("count", [3, 30])
def test_frames_of_another_size_are_withheld_and_keep_their_times(count: int, tmp_path: Path) -> None:
    play = Play(STAGE, [Figure(walks((3, -14, 50), (9, 192, 50)))], 16.0, 25.0)
    clip = write_two_sizes(tmp_path / "clip.ts", play, 200, 200 + count)
    outcome = redacted(clip, tmp_path / "out.mp4", RedactSettings(caption=False))
    report, pictures = report_of(outcome.output), facts_of(outcome.output).pictures
    assert outcome.frames == report["frames"] == len(pictures)
    with open_clip(clip) as opened:
        odd = [(number, frame.time_s) for number, frame in enumerate(opened.frames()) if frame.size != opened.info.size]
    numbers, times_s = zip(*odd, strict=True)
    assert report["bad_frames"] == len(odd) == count - 1, "this decoder loses a frame where the size changes"
    assert [fault["state"] for fault in report["faults"]] == ["bad_frame"]
    (fault,) = report["faults"]
    assert (fault["time_s"], fault["until_s"]) == (pytest.approx(times_s[0]), pytest.approx(times_s[-1], abs=1.2))
    assert any(f"{len(odd)} frames have another size" in note for note in report["notes"])
    assert all(is_near(picture, play.stage.empty, CLOSE).mean() < 0.35 for picture in pictures[numbers[0] : numbers[-1] + 1])
    assert is_near(pictures[390], play.stage.empty, CLOSE).mean() > 0.9
    assert is_near(pictures[100], play.stage.empty, CLOSE).mean() > 0.85


def test_a_clip_that_is_cut_off_gives_what_there_is(tmp_path: Path) -> None:
    play = passing_by(seconds=20)
    whole = write_play(tmp_path / "whole.mkv", play)
    clip = tmp_path / "clip.mkv"
    clip.write_bytes(whole.read_bytes()[: round(whole.stat().st_size * 0.7)])
    outcome = redacted(clip, tmp_path / "out.mp4", RedactSettings(caption=False))
    assert 40 < outcome.frames < 100
    assert times_of(outcome.output) == [Fraction(number, HZ) for number in range(outcome.frames)]
    assert is_near(facts_of(outcome.output).pictures[5], play.stage.empty, CLOSE).mean() > 0.9


def test_a_clip_whose_pictures_are_damaged_says_so(tmp_path: Path) -> None:
    play = passing_by(seconds=20)
    recipe = Recipe("mpeg4", options={"qscale": "2"}, count=100, time_base=Fraction(1, HZ), size_px=size_px(play), gop=5)
    whole = write_clip(tmp_path / "whole.avi", recipe, pictures=(play.picture(t) for t in play.times_s))
    data = bytearray(whole.read_bytes())
    rng = np.random.default_rng(1)
    for at in rng.integers(len(data) // 3, len(data) * 2 // 3, 60):
        data[at] ^= 0xFF
    clip = tmp_path / "clip.avi"
    clip.write_bytes(bytes(data))
    outcome = redacted(clip, tmp_path / "out.mp4")
    assert any("damaged" in note for note in outcome.notes)
    assert not any(figure_pixels(picture).any() for picture in facts_of(outcome.output).pictures)


# Numbers that no detector should give


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 20)), max_size=60),
    st.lists(st.tuples(st.sampled_from(list(Kind)), st.floats(-9, 9), st.floats(-9, 9), st.floats(0, 99), st.floats(0, 99)), max_size=5),
    st.sampled_from([Size(64, 48), Size(48, 64), Size(2, 2), Size(768, 576)]),
)
def test_no_box_however_odd_makes_a_figure_that_no_scene_can_hold(
    learned: list[tuple[float, float]], found: list[tuple[Kind, float, float, float, float]], size: Size
) -> None:
    """Found by fuzzing: a line of heights that was drawn too far ended the redaction."""
    heights = PersonHeight(size)
    for y, height in learned:
        for _ in range(5):
            heights.learn(y * size.height_px, height * size.height_px)
    width, height = size.width_px, size.height_px
    subjects = [Subject(kind, x * width, y * height, tall * height, wide * width) for kind, x, y, tall, wide in found]
    blocks = -(-width // 16) * -(-height // 16)
    health = GateHealth(GateState.WATCHING, 1.0, 0.0, 0.0)
    glyphs = glyphs_of(subjects, size, heights)
    check(Scene(0.0, size, Level.GLYPHS, 0, 16, bytes(-(-blocks // 8)), (), None, glyphs, Grid(size).cell_px, (), health))
