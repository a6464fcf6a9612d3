import json
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from passerby.clock import SystemClock
from passerby.errors import OutputError, ReceiptError, RecordingError
from passerby.record.command import recordings_app
from passerby.record.export import ExportOrder, export
from passerby.record.playback import play
from passerby.record.receipts import Act, FileReceipts, read_receipts
from passerby.released.render import Renderer
from passerby.released.scene import Size
from tests.released.drawn_scenes import patch_of
from tests.support.recorded import HOUR, NOON, Kept, KeptReceipts, Scenes

CLI = CliRunner()
BIG = Size(96, 64)


def recorded(state: Path, seconds: float = 90.0, size: Size = BIG) -> Kept:
    kept = Kept(state / "recordings")
    kept.scenes["gate"] = Scenes(kept.clock, size=size)
    ramp = np.linspace(60, 200, size.width_px * size.height_px, dtype=np.uint8).reshape(size.height_px, size.width_px)
    kept.recordings.write(kept.scenes["gate"].next(patches=(patch_of(np.dstack([ramp] * 3)),)))
    kept.clock.sleep(0.5)
    kept.run(seconds, 0.5)
    kept.recordings.close()
    return kept


def order(state: Path, from_s: float, to_s: float) -> ExportOrder:
    return ExportOrder("gate", NOON + from_s, NOON + to_s, "ann", state / "out.mp4")


def frames_of(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base == Fraction(1, 90_000)
        return [
            (float((frame.pts or 0) * Fraction(1, 90_000)), frame.to_ndarray(format="bgr24").astype(np.uint8)) for frame in container.decode(stream)
        ]


def test_an_export_has_a_frame_for_each_scene_at_its_time(tmp_path: Path) -> None:
    recorded(tmp_path)
    receipts = KeptReceipts()
    done = export(tmp_path / "recordings", order(tmp_path, 20.25, 80), receipts, SystemClock())
    scenes = list(play(tmp_path / "recordings", "gate", NOON + 20.25, NOON + 80, lead_in=True))
    frames = frames_of(tmp_path / "out.mp4")
    assert done.frames == len(scenes) == len(frames)
    assert done.gaps_s == 0
    renderer = Renderer(BIG)
    for (at_s, picture), played in zip(frames, scenes, strict=True):
        assert at_s == pytest.approx(played.captured_wall_s - NOON - 20.25, abs=2e-5)
        drawn = renderer.render(played.scene).astype(int)
        assert np.abs(picture.astype(int) - drawn).mean() < 3
    exported = receipts.of(Act.EXPORTED)[0]
    assert (exported.by, exported.camera, exported.from_s, exported.to_s, exported.why) == ("ann", "gate", NOON + 20.25, NOON + 80, "out.mp4")


def test_an_export_that_cannot_be_written_down_is_refused(tmp_path: Path) -> None:
    recorded(tmp_path)
    receipts = KeptReceipts()
    receipts.full = True
    with pytest.raises(ReceiptError):
        export(tmp_path / "recordings", order(tmp_path, 0, 80), receipts, SystemClock())
    assert not (tmp_path / "out.mp4").exists()


def test_a_gap_shows_that_nothing_is_known(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "recordings")
    kept.run(10)
    kept.idle(60)
    kept.run(10)
    kept.recordings.close()
    done = export(tmp_path / "recordings", order(tmp_path, 0, 100), KeptReceipts(), SystemClock())
    assert done.gaps_s == pytest.approx(60 - 0 + 20, abs=3)
    frames = frames_of(tmp_path / "out.mp4")
    (gap,) = [picture for at_s, picture in frames if 10 <= at_s < 70]
    (end,) = [picture for at_s, picture in frames if at_s >= 80]
    hatch = frames[-1][1]
    assert np.abs(gap.astype(int) - hatch.astype(int)).mean() < 12
    assert np.abs(end.astype(int) - frames[0][1].astype(int)).mean() > 12


def test_where_nothing_was_recorded_nothing_is_exported(tmp_path: Path) -> None:
    recorded(tmp_path, 10)
    for from_s, to_s in ((100, 200), (5, 5), (8, 2)):
        with pytest.raises(RecordingError):
            export(tmp_path / "recordings", order(tmp_path, from_s, to_s), KeptReceipts(), SystemClock())


def test_a_change_of_size_ends_an_export_with_what_to_do(tmp_path: Path) -> None:
    kept = recorded(tmp_path, 10)
    kept.recordings = kept.opened()
    kept.scenes["gate"] = Scenes(kept.clock, size=Size(64, 48))
    kept.run(10)
    kept.recordings.close()
    with pytest.raises(RecordingError, match="size"):
        export(tmp_path / "recordings", order(tmp_path, 0, 20), KeptReceipts(), SystemClock())
    assert not (tmp_path / "out.mp4").exists()
    assert export(tmp_path / "recordings", order(tmp_path, 10.5, 20), KeptReceipts(), SystemClock()).frames > 5


def test_an_export_that_exists_is_not_replaced(tmp_path: Path) -> None:
    recorded(tmp_path, 10)
    (tmp_path / "out.mp4").write_text("mine")
    with pytest.raises(OutputError):
        export(tmp_path / "recordings", order(tmp_path, 0, 10), KeptReceipts(), SystemClock())
    assert (tmp_path / "out.mp4").read_text() == "mine"


def test_the_command_exports_and_says_who_did(tmp_path: Path) -> None:
    recorded(tmp_path)
    FileReceipts(tmp_path / "receipts.jsonl")
    words = [
        "export",
        str(tmp_path),
        "--camera",
        "gate",
        "--from",
        "2026-11-23T12:00:20",
        "--to",
        "2026-11-23T13:01:00+01:00",
        "-o",
        str(tmp_path / "a.mp4"),
    ]
    done = CLI.invoke(recordings_app, words)
    assert done.exit_code == 0, done.output
    assert len(frames_of(tmp_path / "a.mp4")) == 80
    (receipt,) = read_receipts(tmp_path / "receipts.jsonl")
    assert (receipt.kind, receipt.camera, receipt.from_s, receipt.to_s, receipt.why) == (Act.EXPORTED, "gate", NOON + 20, NOON + 60, "a.mp4")
    assert receipt.by


def test_the_command_lists_what_there_is(tmp_path: Path) -> None:
    kept = recorded(tmp_path)
    kept.reopen(off_s=HOUR)
    kept.run(70, 5)
    kept.recordings.close()
    done = CLI.invoke(recordings_app, ["list", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "2026-11-23 12:00:00Z  2026-11-23 12:02:00Z        2" in done.output
    assert "2026-11-23 13:01:00Z  2026-11-23 13:03:00Z        2" in done.output
    assert "kept for 24 h" in done.output


def test_the_command_verifies_and_names_what_is_damaged(tmp_path: Path) -> None:
    recorded(tmp_path)
    done = CLI.invoke(recordings_app, ["verify", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert ", 0 damaged" in done.output
    path = next((tmp_path / "recordings").rglob("20261123T1200Z-0-0.mcap"))
    minute = next(one for one in (tmp_path / "recordings").rglob("20261123T1201Z-0-0.mcap") if one.parent.name != "plates")
    data = bytearray(minute.read_bytes())
    data[len(data) // 2] ^= 0xFF
    minute.write_bytes(data)
    done = CLI.invoke(recordings_app, ["verify", str(tmp_path)])
    assert done.exit_code == 1
    assert "20261123T1201Z-0-0.mcap: damaged" in done.output
    assert ", 1 damaged" in done.output
    assert path.exists()


def test_a_plate_that_is_missing_is_named_and_what_it_showed_is_withheld(tmp_path: Path) -> None:
    recorded(tmp_path, 10)
    next((tmp_path / "recordings" / "cameras" / "gate" / "plates").iterdir()).unlink()
    done = CLI.invoke(recordings_app, ["verify", str(tmp_path)])
    assert done.exit_code == 1
    assert "refers to 1 patches of 20261123T1200Z-0-0, which has 0" in done.output
    (first, *_) = play(tmp_path / "recordings", "gate", NOON, NOON + 60)
    assert first.scene.patches == ()


@pytest.mark.parametrize(
    "words",
    [
        ["list", "nowhere"],
        ["export", ".", "--camera", "gate", "--from", "x", "--to", "y", "-o", "a.mp4"],
        ["export", "STATE", "--camera", "hall", "--from", "2026-11-23T12:00", "--to", "2026-11-23T12:01", "-o", "a.mp4"],
        ["export", "STATE", "--camera", "gate", "--from", "noon", "--to", "2026-11-23T12:01", "-o", "a.mp4"],
    ],
)
def test_mistakes_are_errors_of_the_user(tmp_path: Path, words: list[str]) -> None:
    recorded(tmp_path, 5)
    done = CLI.invoke(recordings_app, [word.replace("STATE", str(tmp_path)) for word in words])
    assert done.exit_code == 1
    assert type(done.exception).__mro__[1].__name__ == "UserError"


def test_a_recording_names_nothing_but_scenes_in_its_json(tmp_path: Path) -> None:
    recorded(tmp_path, 5)
    (played, *_) = play(tmp_path / "recordings", "gate", NOON, NOON + 60)
    told = json.loads(msgspec.json.encode(msgspec.structs.replace(played.scene, patches=())))
    assert set(told) - {"type"} == set(played.scene.__struct_fields__)
