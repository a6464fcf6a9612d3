"""The worker as it is shipped: closed in, with the real detector, and with files as cameras."""

import os
from pathlib import Path

import pytest

from passerby.clock import SystemClock
from passerby.errors import WeightsError
from passerby.models.cache import default_cache_folder
from passerby.models.fetch import verified_weights
from passerby.models.manifest import load_manifest
from passerby.released.messages import CameraHealth, CaptureState, Reason, Trouble
from passerby.released.scene import Size
from passerby.site.orders import CameraOrder, Configure
from passerby.supervise.supervisor import Workers
from passerby.supervise.worker_health import WorkerHealth, WorkerState
from tests.support.listener import LONG_S, Listener, received, scenes_of
from tests.support.redaction import is_near, passing_by, write_play
from tests.support.scenes import Stage, shown_blocks


@pytest.fixture(scope="module")
def models_folder() -> Path:
    """A cache with the detector's weights; without them, what needs them is skipped."""
    folder = default_cache_folder(os.environ)
    try:
        verified_weights(load_manifest().entry("yolox-nano"), folder)
    except WeightsError as error:
        pytest.skip(str(error))
    return folder


def test_a_sealed_worker_gates_a_file_to_an_empty_place_and_tells_of_one_that_is_not_there(tmp_path: Path, models_folder: Path) -> None:
    stage = Stage(320, 240, contrast=40)
    clip = write_play(tmp_path / "clip.mp4", passing_by(stage=stage))
    orders = (
        CameraOrder(camera="file", source=clip.as_uri(), settle_s=1.0),
        CameraOrder(camera="nothing", source=(tmp_path / "nothing.mp4").as_uri()),
    )
    messages: Listener[object] = Listener()
    states: Listener[WorkerHealth] = Listener()
    workers = Workers((Configure(cameras=orders, models_folder=models_folder),), SystemClock(), messages, states)
    workers.start()
    try:
        states.until(lambda heard: any(h.state is WorkerState.RUNNING for h in heard))
        assert len(workers.health()[0].protections) > 5
        heard = messages.until(lambda heard: any(shown_blocks(m.scene).mean() > 0.5 for m in scenes_of(heard, "file")[-1:]))
    finally:
        assert workers.stop(LONG_S)
    assert not [m for m in heard if isinstance(m, Trouble)]
    scenes = scenes_of(heard, "file")
    canvas = received(scenes)
    assert scenes[-1].scene.size == Size(320, 240)
    assert is_near(canvas.picture, stage.empty, 20)[canvas.shown].mean() > 0.99
    health = {m.camera: m for m in heard if isinstance(m, CameraHealth)}
    assert (health["file"].state, health["file"].reason) == (CaptureState.STREAMING, Reason.NONE)
    assert health["nothing"].reason is Reason.NOT_FOUND
