import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.scene import Cell, GateState, Glyph, Kind, Level, LightField, Scene
from passerby.serve.vector_scene import LEVELS, STATES, VectorScene, vector_scene
from tests.support.site_now import SIZE, scene, whole_plate

KEYS = {"t", "w", "h", "level", "epoch", "block", "shown", "g", "cell", "c", "state", "withheld"}


def as_json(drawn: Scene, wall_s: float = 1_795_434_960.25) -> dict[str, Any]:
    told = json.loads(msgspec.json.encode(vector_scene(drawn, wall_s)))
    assert isinstance(told, dict)
    return told


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Scenes of one size with anything in them that a scene may hold."""
    across, down = st.integers(-SIZE.width_px, 2 * SIZE.width_px), st.integers(0, 2 * SIZE.height_px)
    sides = st.integers(1, 2 * SIZE.width_px)
    glyph = st.builds(Glyph, down, across, sides, sides, st.sampled_from(Kind))
    cell = st.builds(Cell, st.integers(0, 15), st.integers(0, 20))
    level = draw(st.sampled_from(Level))
    return msgspec.structs.replace(
        scene(epoch=draw(st.integers(0, 9)), patches=whole_plate(), state=draw(st.sampled_from(GateState))),
        level=level,
        shown=draw(st.binary(min_size=2, max_size=2)),
        light=draw(st.none() | st.builds(LightField, st.just(1), st.just(1), st.binary(min_size=3, max_size=3))),
        glyphs=tuple(sorted(draw(st.lists(glyph, max_size=6)))) if level is Level.GLYPHS else (),
        cells=tuple(sorted(draw(st.lists(cell, max_size=6)))) if level >= Level.HEAT else (),
    )


@given(scenes())
def test_a_vector_scene_holds_what_the_scene_says_and_nothing_else(drawn: Scene) -> None:
    told = as_json(drawn)
    assert set(told) == KEYS
    assert told["t"] == 1_795_434_960.25
    assert (told["w"], told["h"], told["block"], told["cell"]) == (SIZE.width_px, SIZE.height_px, drawn.block_px, drawn.cell_px)
    assert (told["level"], told["state"]) == (drawn.level.name.lower(), drawn.health.state.name.lower())
    assert told["epoch"] == drawn.plate_epoch
    assert base64.b64decode(told["shown"], validate=True) == drawn.shown
    assert told["g"] == [[int(one.kind), one.x_px, one.y_px, one.width_px, one.height_px] for one in drawn.glyphs]
    assert told["c"] == [[one.row, one.column] for one in drawn.cells]
    assert told["withheld"] == pytest.approx(drawn.health.withheld_share, abs=0.001)


def test_the_form_has_no_room_for_an_identity_or_a_pixel() -> None:
    schema = msgspec.json.schema(VectorScene)["$defs"]["VectorScene"]
    properties = schema["properties"]
    assert set(properties) == set(schema["required"]) == KEYS
    assert schema["additionalProperties"] is False
    glyph, cell = properties["g"]["items"], properties["c"]["items"]
    assert (glyph["minItems"], glyph["maxItems"], glyph["items"]) == (5, 5, False)
    assert [part.get("type", "integer") for part in glyph["prefixItems"]] == ["integer"] * 5
    assert (cell["minItems"], cell["maxItems"], cell["items"]) == (2, 2, False)


def test_what_is_not_in_the_list_of_keys_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `track`"):
        msgspec.json.decode(json.dumps({**as_json(scene()), "track": 7}), type=VectorScene)


@given(scenes())
def test_a_vector_scene_can_be_read_back(drawn: Scene) -> None:
    told = vector_scene(drawn, 12.5)
    assert msgspec.json.decode(msgspec.json.encode(told), type=VectorScene) == told


def test_every_level_and_every_state_has_its_own_name() -> None:
    assert tuple(level.name.lower() for level in Level) == LEVELS
    assert tuple(state.name.lower() for state in GateState) == STATES


def test_the_plate_and_the_light_are_not_in_it() -> None:
    light = LightField(1, 1, b"\x07\x07\x07")
    bare, full = scene(), msgspec.structs.replace(scene(patches=whole_plate(value=7)), light=light)
    assert as_json(bare) == as_json(full)
