from pathlib import Path

import msgspec
import numpy as np

from passerby.record.last_plate import last_plate
from passerby.released.render import render_once
from passerby.released.scene import Scene
from tests.support.recorded import HOUR, Kept, changed_block, plain_patches


def shown_plate(scene: Scene) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return render_once(scene, caption=False)


def test_the_last_plate_is_what_the_last_scene_showed_and_holds_nobody(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(150)
    patch = changed_block(7)
    kept.recordings.write(kept.scenes["gate"].next(patches=(patch,)))
    kept.recordings.close()
    scene = last_plate(tmp_path, "gate")
    assert scene is not None
    assert not scene.glyphs
    assert not scene.cells
    expected = np.frombuffer(plain_patches()[0].pixels, np.uint8).reshape(32, 48, 3).copy()
    window = slice(patch.y_px, patch.y_px + patch.height_px), slice(patch.x_px, patch.x_px + patch.width_px)
    expected[window] = np.frombuffer(patch.pixels, np.uint8).reshape(patch.height_px, patch.width_px, 3)
    assert np.array_equal(shown_plate(scene), expected)


def test_a_camera_without_recordings_has_no_last_plate(tmp_path: Path) -> None:
    assert last_plate(tmp_path, "gate") is None
    kept = Kept(tmp_path, retention_s=HOUR)
    kept.run(70)
    kept.idle(2 * HOUR)
    assert last_plate(tmp_path, "gate") is None


def test_of_a_camera_that_was_moved_it_is_what_it_showed_before(tmp_path: Path) -> None:
    """With what it shows now, a gate that begins anew would take that for its place."""
    kept = Kept(tmp_path)
    kept.run(90)
    at_home = last_plate(tmp_path, "gate")
    moved = changed_block(7)
    for _ in range(90):
        message = kept.scenes["gate"].next(patches=(*plain_patches(), moved))
        health = msgspec.structs.replace(message.scene.health, at_home=False)
        kept.recordings.write(msgspec.structs.replace(message, scene=msgspec.structs.replace(message.scene, plate_epoch=9, health=health)))
        kept.clock.sleep(1.0)
    scene = last_plate(tmp_path, "gate")
    assert scene is not None
    assert at_home is not None
    assert np.array_equal(shown_plate(scene), shown_plate(at_home))


def test_the_minute_under_way_is_read_too_as_after_a_crash(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.run(30)
    scene = last_plate(tmp_path, "gate")
    assert scene is not None
    assert scene.patches
