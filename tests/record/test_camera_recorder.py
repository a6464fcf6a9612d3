import pytest
from hypothesis import given, settings

from passerby.record.playback import play
from passerby.released.render import Renderer
from passerby.released.scene import Scene
from tests.released.drawn_scenes import scene_runs
from tests.support.recorded import NOON, Kept, message_of


@settings(max_examples=60, deadline=None)
@given(scene_runs())
def test_every_picture_is_drawn_from_the_recording_as_it_was_live(tmp_path_factory: pytest.TempPathFactory, run: list[Scene]) -> None:
    folder = tmp_path_factory.mktemp("run")
    kept = Kept(folder)
    live = Renderer(run[0].size)
    drawn = []
    for number, scene in enumerate(run):
        kept.recordings.write(message_of(scene, kept.clock, whole=number == 0))
        drawn.append((kept.clock.wall_s(), live.render(scene).copy()))
        kept.clock.sleep(17 if number == 2 else 0.25)
        kept.recordings.tick()
    kept.recordings.close()
    played = list(play(folder, "gate", NOON - 1, NOON + 600))
    again = Renderer(run[0].size)
    shown = None
    for at_s, picture in drawn:
        while played and played[0].captured_wall_s <= at_s + 1e-3:
            shown = again.render(played.pop(0).scene).copy()
        assert shown is not None
        assert (shown == picture).all()
    assert not played
