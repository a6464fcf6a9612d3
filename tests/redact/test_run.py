"""One clip redacted: what the output is, that it shows the place and nobody, and that nothing else of the input is in it."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from passerby.redact.run import redact_clip, scenes_of
from passerby.redact.settings import RedactSettings, gate_settings
from passerby.released.caption import caption_text
from passerby.released.scene import GateState
from passerby.released.show import Show
from tests.redact.conftest import METADATA, Done
from tests.support.clips import Recipe, can_encode, drawn, write_clip
from tests.support.detectors import Blind
from tests.support.redaction import (
    SHARP,
    STAGE,
    STUB_SHA256,
    boxes_of_mp4,
    facts_of,
    ffprobe,
    is_near,
    passing_by,
    redacted,
    report_of,
    size_px,
    stub,
    times_of,
    write_play,
)
from tests.support.scenes import Picture, Play, Stage, figure_pixels

CLOSE = 24
"""Levels by which what is shown may be off the true place: the camera's noise, and two encoders."""


def test_the_output_is_mp4_with_h264_in_yuv420p_of_the_same_size_and_its_index_comes_first(done: Done) -> None:
    facts = done.facts
    assert (facts.codec, facts.pix_fmt, facts.size_px) == ("h264", "yuv420p", size_px(done.play))
    boxes = boxes_of_mp4(done.outcome.output)
    assert boxes[0] == "ftyp"
    assert boxes.index("moov") < boxes.index("mdat")


def test_ffprobe_agrees(done: Done) -> None:
    found = ffprobe(done.outcome.output)
    (video,) = found["streams"]
    assert (video["codec_name"], video["pix_fmt"], video["width"], video["height"]) == ("h264", "yuv420p", *size_px(done.play))
    assert int(video["nb_read_frames"]) == len(done.play.times_s)
    assert found["format"]["format_name"].startswith("mov,mp4")


def test_the_output_has_the_same_frames_at_the_same_times(done: Done) -> None:
    assert done.facts.times == [Fraction(number, round(done.play.hz)) for number in range(len(done.play.times_s))]
    assert done.outcome.frames == len(done.facts.pictures) == len(done.play.times_s)


def test_the_output_has_no_sound_and_nothing_of_the_inputs_metadata(done: Done) -> None:
    before = facts_of(done.clip)
    assert "audio" in before.streams
    assert METADATA["title"] in before.metadata.values()
    assert done.facts.streams == ["video"]
    written = done.outcome.output.read_bytes()
    for value in METADATA.values():
        assert value not in done.facts.metadata.values()
        assert value.encode() not in written
    assert not any("time" in name or "location" in name or "title" in name for name in done.facts.metadata)


def test_the_headers_hold_no_date(done: Done) -> None:
    """ISO/IEC 14496-12: mvhd, tkhd and mdhd hold creation and modification times after four bytes of version and flags."""
    written = done.outcome.output.read_bytes()
    for name in (b"mvhd", b"tkhd", b"mdhd"):
        at = written.index(name) + 8
        assert written[at : at + 8] == bytes(8), name


def test_the_output_shows_the_place_and_nobody(done: Done) -> None:
    assert any(figure_pixels(done.play.clean(time_s)).sum() > 300 for time_s in done.play.times_s), "somebody walks by in the clip"
    shown = 0.0
    for time_s, picture in zip(done.play.times_s, done.facts.pictures, strict=True):
        assert not figure_pixels(picture).any(), f"somebody is shown at {time_s} s"
        shown = max(shown, is_near(picture, done.play.stage.empty, CLOSE).mean())
    assert shown > 0.96, "but for a few blocks in which the walker's edge spoils a sample"


def test_the_output_shows_figures_where_somebody_is(done: Done) -> None:
    for time_s, picture in zip(done.play.times_s, done.facts.pictures, strict=True):
        boxes = done.play.boxes(time_s)
        off = ~is_near(picture, done.play.stage.empty, CLOSE)
        if not boxes or not 20 < boxes[0][0][0] < size_px(done.play)[0] - 34:
            continue
        left, top, right, bottom = (round(edge) for edge in boxes[0][0])
        assert off[top:bottom, left:right].mean() > 0.3, f"no figure at {time_s} s"
        assert off.mean() < 0.1


def test_the_preview_is_the_learned_place_and_nobody(done: Done) -> None:
    picture = np.asarray(cv2.imread(str(done.preview)), np.uint8)
    assert picture.shape == done.play.stage.empty.shape
    assert is_near(picture, done.play.stage.empty, CLOSE).mean() > 0.96


def test_the_report_tells_what_was_done(done: Done) -> None:
    report = done.report
    assert (report["source"], report["frames"], report["size"]) == ("clip.mp4", len(done.play.times_s), list(size_px(done.play)))
    assert report["duration_s"] == pytest.approx(done.play.times_s[-1])
    assert report["weights"] == {"stub": STUB_SHA256}
    assert (report["camera_fixed"], report["faults"], report["bad_frames"], report["notes"]) == (True, [], 0, [])
    assert report["seconds_by_state"] == {"watching": pytest.approx(done.play.times_s[-1])}
    assert report["most_glyphs_at_once"] == 1
    assert report["settings"]["settle_s"] == 3.0
    assert report["settings"]["caption"] is False
    assert "passerby" in report
    assert "found nobody" in report["promise"]
    assert done.outcome.report == done.outcome.output.with_suffix(".json")


def test_the_reports_withheld_share_is_what_the_picture_withholds(tmp_path: Path) -> None:
    """The figures of the report against the output's pixels: what is off the place is withheld, or one small figure."""
    play = passing_by(seconds=9.0)  # too short for the border to settle
    redacted(write_play(tmp_path / "clip.mp4", play), tmp_path / "out.mp4", RedactSettings(caption=False))
    report, pictures = report_of(tmp_path / "out.mp4"), facts_of(tmp_path / "out.mp4").pictures
    values = report["withheld_share"]["values"]
    assert report["withheld_share"]["every_s"] == 1.0
    assert len(values) == 9
    assert min(values) > 0.2
    for second, value in enumerate(values):
        off = 1 - is_near(pictures[round(second * play.hz)], play.stage.empty, CLOSE).mean()
        assert off == pytest.approx(value, abs=0.06), f"at {second} s"
    blocks = report["blocks"]
    total = blocks["columns"] * blocks["rows"]
    assert blocks["shown"] / total == pytest.approx(1 - min(values), abs=1e-4)
    assert blocks["shown"] + blocks["held"] + blocks["never"] + blocks["unsettled"] == total
    assert "".join(blocks["map"]).count(".") == blocks["shown"]
    assert blocks["map"][0] == "u" * blocks["columns"]
    assert blocks["segments"] == [{"from_s": 0.0, "map": blocks["map"]}]


def test_times_of_any_distance_are_kept(tmp_path: Path) -> None:
    """Variable frame rate, in a file whose clock starts late."""
    rng = np.random.default_rng(3)
    ticks = np.concatenate([[700], 700 + np.cumsum(rng.choice([33, 34, 40, 100, 250, 401], 90))]).tolist()
    play = passing_by(seconds=ticks[-1] / 1000)
    recipe = Recipe(options=SHARP, times=ticks, time_base=Fraction(1, 1000), size_px=size_px(play))
    clip = write_play(tmp_path / "clip.mkv", play, recipe, times_s=[tick / 1000 for tick in ticks])
    outcome = redacted(clip, tmp_path / "out.mp4")
    assert times_of(outcome.output) == [Fraction(tick - ticks[0], 1000) for tick in ticks]
    assert facts_of(outcome.output).times[0] == 0


def test_a_part_of_a_clip_is_redacted_alone(tmp_path: Path) -> None:
    play = passing_by(seconds=14.0)
    clip = write_play(tmp_path / "clip.mp4", play)
    outcome = redacted(clip, tmp_path / "out.mp4", RedactSettings(from_s=1.0, to_s=11.4))
    report = report_of(outcome.output)
    assert outcome.frames == 52
    assert facts_of(outcome.output).times == [Fraction(number, 5) for number in range(52)]
    assert report["duration_s"] == pytest.approx(10.2)
    assert (report["settings"]["from_s"], report["settings"]["to_s"]) == (1.0, 11.4)


def test_an_odd_size_grows_by_one(tmp_path: Path) -> None:
    play = passing_by(stage=Stage(191, 143, contrast=40))
    recipe = Recipe("ffv1", "bgr0", count=len(play.times_s), time_base=Fraction(1, 5), size_px=size_px(play))
    outcome = redacted(write_play(tmp_path / "clip.mkv", play, recipe), tmp_path / "out.mp4", RedactSettings(caption=False))
    facts = facts_of(outcome.output)
    assert facts.size_px == (192, 144)
    assert report_of(outcome.output)["size"] == [191, 143]
    assert is_near(facts.pictures[0][:143, :191], play.stage.empty, CLOSE).mean() > 0.95


def test_a_turned_clip_comes_out_upright(tmp_path: Path) -> None:
    play = passing_by()
    width, height = size_px(play)
    recipe = Recipe(options=SHARP, count=len(play.times_s), time_base=Fraction(1, 5), size_px=(height, width), turned_deg=90)
    # Stored lying on its side; the file says how to turn it back.
    lying = (np.ascontiguousarray(np.rot90(play.picture(time_s), -1)) for time_s in play.times_s)
    clip = write_clip(tmp_path / "clip.mp4", recipe, pictures=lying)
    facts = facts_of(redacted(clip, tmp_path / "out.mp4", RedactSettings(caption=False)).output)
    assert facts.size_px == (width, height)
    assert is_near(facts.pictures[0], play.stage.empty, CLOSE).mean() > 0.97
    assert not any("rotat" in name for name in facts.metadata)


FORMATS = {
    "gif": ("clip.gif", Recipe("gif", "rgb8", size_px=(96, 64), time_base=Fraction(1, 10))),
    "hevc": ("clip.mkv", Recipe("libx265", size_px=(128, 96))),
    "10 bit": ("clip.mkv", Recipe("libx265", "yuv420p10le", size_px=(128, 96))),
    "vp9": ("clip.webm", Recipe("libvpx-vp9")),
    "av1": ("clip.mp4", Recipe("libsvtav1", size_px=(128, 96))),
    "mpeg4": ("clip.avi", Recipe("mpeg4")),
    "mjpeg": ("clip.mov", Recipe("mjpeg", "yuvj420p")),
    "transport stream": ("clip.ts", Recipe(time_base=Fraction(1, 25))),
    "grey": ("clip.mkv", Recipe("ffv1", "gray")),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_kind_of_clip_gives_a_valid_output(name: str, tmp_path: Path) -> None:
    file_name, recipe = FORMATS[name]
    if not can_encode(recipe.codec):
        pytest.skip(f"no encoder for {recipe.codec} here")
    clip = write_clip(tmp_path / file_name, recipe)
    outcome = redacted(clip, tmp_path / "out.mp4")
    facts = facts_of(outcome.output)
    assert (facts.codec, facts.pix_fmt, facts.size_px) == ("h264", "yuv420p", recipe.size_px)
    assert outcome.frames == len(facts.pictures) == 12
    assert times_of(outcome.output) == times_of(clip)


def test_a_picture_of_eight_million_pixels_is_no_hindrance(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=2, size_px=(3840, 2160)))
    outcome = redacted(clip, tmp_path / "out.mp4")
    assert [facts_of(outcome.output).size_px, outcome.frames] == [(3840, 2160), 2]


def test_an_empty_scene_is_shown_as_it_is(tmp_path: Path) -> None:
    play = Play(STAGE, seconds=12.0, hz=5.0)
    outcome = redacted(write_play(tmp_path / "clip.mp4", play), tmp_path / "out.mp4", RedactSettings(caption=False), Blind())
    assert outcome.withheld_share == 0.0
    assert report_of(outcome.output)["most_glyphs_at_once"] == 0
    assert all(is_near(picture, STAGE.empty, CLOSE).mean() > 0.99 for picture in facts_of(outcome.output).pictures)


def test_a_clip_of_one_frame_gives_one_frame_of_hatch(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=1))
    outcome = redacted(clip, tmp_path / "out.mp4")
    report = report_of(outcome.output)
    assert (outcome.frames, outcome.withheld_share) == (1, 1.0)
    assert report["withheld_share"]["values"] == [1.0]
    assert report["blocks"]["shown"] == 0
    assert not is_near(facts_of(outcome.output).pictures[0], drawn(0), 30).mean() > 0.2


def polygons_for(play_size: tuple[int, int]) -> tuple[tuple[tuple[float, float], ...], ...]:
    width, height = play_size
    return (((20.0, 20.0), (70.0, 25.0), (40.0, 60.0)), ((width - 40.0, height - 40.0), (width + 50.0, height - 40.0), (width, height + 50.0)))


@pytest.mark.parametrize("streaming", [False, True])
def test_what_lies_in_never_polygons_is_never_shown(streaming: bool, tmp_path: Path) -> None:
    play = passing_by(seconds=16.0)
    polygons = polygons_for(size_px(play))
    gate = gate_settings(never=polygons, streaming=streaming, settle_s=2.0)
    clip = write_play(tmp_path / "clip.mp4", play)
    outcome = redacted(clip, tmp_path / "out.mp4", RedactSettings(gate=gate, streaming=streaming, caption=False))
    inside = np.zeros(play.stage.empty.shape[:2], np.uint8)
    for polygon in polygons:
        cv2.fillPoly(inside, [np.array(polygon, np.int32)], 1)
    place = play.stage.empty
    report, pictures = report_of(outcome.output), facts_of(outcome.output).pictures
    assert report["blocks"]["never"] > 0
    hatch = redacted(clip, tmp_path / "hatch.mp4", RedactSettings(gate=gate, caption=False, to_s=0.2))
    (nothing,) = facts_of(hatch.output).pictures
    for picture in pictures:
        here = picture[inside > 0], nothing[inside > 0], place[inside > 0]
        # Nearly all of it is the hatch; a figure may be drawn over it, the place may not.
        to_hatch, to_place = (np.abs(here[0].astype(int) - other.astype(int)).max(1) for other in here[1:])
        assert (to_hatch <= to_place + 8).mean() > 0.97
    assert is_near(pictures[-1], place, CLOSE).mean() > 0.6, "the rest is shown"


def shown_by(show: Show, folder: Path, **more: Any) -> list[Picture]:
    play = passing_by()
    clip = write_play(folder / "clip.mp4", play)
    outcome = redacted(clip, folder / f"{show}.mp4", RedactSettings(show=show, **more))
    assert report_of(outcome.output)["settings"]["level"] == show.value
    return facts_of(outcome.output).pictures


def test_heat_shows_coarse_cells_and_no_figures(tmp_path: Path) -> None:
    play, pictures = passing_by(), shown_by(Show.HEAT, tmp_path, caption=False)
    (box, _kind) = play.boxes(6.0)[0]
    off = ~is_near(pictures[30], play.stage.empty, 12)
    foot = slice(round(box[3]) - 12, round(box[3])), slice(round(box[0]), round(box[2]))
    assert off[foot].mean() > 0.3, "the cell in which somebody stands"
    assert off[: round(box[1])].mean() < 0.03, "and no more of them"
    assert off.mean() < 0.06
    assert not figure_pixels(pictures[30]).any()


def test_counts_show_the_place_alone_and_say_in_the_caption_how_many_there_are(tmp_path: Path) -> None:
    play = passing_by(stage=Stage(240, 160, contrast=40))
    clip = write_play(tmp_path / "clip.mp4", play)
    settings = RedactSettings(show=Show.COUNTS)
    widths = []
    for name, setting in (("counts", settings), ("glyphs", RedactSettings())):
        pictures = facts_of(redacted(clip, tmp_path / f"{name}.mp4", setting).output).pictures
        above, caption = pictures[30][:130], ~is_near(pictures[30], play.stage.empty, CLOSE)[130:]
        widths.append(int(np.flatnonzero(caption.any(0)).max()))
        assert (is_near(above, play.stage.empty[:130], CLOSE).mean() > 0.975) == (name == "counts")
    assert widths[0] > widths[1] + 20, "the caption holds the count"
    assert report_of(tmp_path / "counts.mp4")["settings"]["level"] == "counts"
    said = [caption_text(scene, Show.COUNTS).words for _, scene in scenes_of(clip, settings, stub())]
    assert "nobody" in said[0]
    assert "1 person" in said[30]


def test_the_caption_can_be_left_out(tmp_path: Path) -> None:
    play = passing_by()
    clip = write_play(tmp_path / "clip.mp4", play)
    lower_left = slice(play.stage.height_px - 24, None), slice(0, 60)
    for caption, least, most in ((True, 0.2, 1.0), (False, 0.0, 0.02)):
        picture = facts_of(redacted(clip, tmp_path / f"{caption}.mp4", RedactSettings(caption=caption)).output).pictures[0]
        assert least <= (~is_near(picture, play.stage.empty, CLOSE))[lower_left].mean() <= most


def test_streaming_shows_nothing_before_the_place_has_settled(tmp_path: Path) -> None:
    play = passing_by(seconds=16.0)
    gate = gate_settings(settle_s=4.0, streaming=True)
    clip = write_play(tmp_path / "clip.mp4", play)
    outcome = redacted(clip, tmp_path / "out.mp4", RedactSettings(gate=gate, streaming=True, caption=False))
    report, pictures = report_of(outcome.output), facts_of(outcome.output).pictures
    assert report["withheld_share"]["values"][:4] == [1.0] * 4
    assert report["withheld_share"]["values"][-1] < 0.3
    assert report["settings"]["streaming"] is True
    assert is_near(pictures[10], play.stage.empty, 12).mean() < 0.3
    assert not any(figure_pixels(picture).any() for picture in pictures)


def test_a_word_about_the_device_is_noted(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Recipe(count=2))
    outcome = redact_clip(clip, tmp_path / "out.mp4", RedactSettings(), stub(word="cuda cannot be had here"))
    assert outcome.notes == ("cuda cannot be had here",)
    assert report_of(outcome.output)["notes"] == ["cuda cannot be had here"]


def test_progress_runs_from_learning_to_writing_and_never_back(tmp_path: Path) -> None:
    said: list[tuple[str, float]] = []
    clip = write_play(tmp_path / "clip.mp4", passing_by())
    redacted(clip, tmp_path / "out.mp4", progress=lambda stage, share: said.append((stage, share)))
    shares = [share for _, share in said]
    assert shares == sorted(shares)
    assert list(dict.fromkeys(stage for stage, _ in said)) == ["learning the place", "writing"]
    assert all(share <= 0.5 for stage, share in said if stage != "writing")
    assert 0.95 < shares[-1] <= 1.0


def test_scenes_of_a_clip_are_those_that_are_rendered(tmp_path: Path) -> None:
    clip = write_play(tmp_path / "clip.mp4", passing_by())
    scenes = list(scenes_of(clip, RedactSettings(), stub()))
    assert [number for number, _ in scenes] == list(range(60))
    assert {scene.health.state for _, scene in scenes} == {GateState.WATCHING}
