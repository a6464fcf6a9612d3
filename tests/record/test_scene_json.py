import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SceneError
from passerby.record.scene_json import PlateRef, SceneLine, decode_line, encode_line, scene_of, scene_schema
from passerby.released.scene import Scene
from tests.released.drawn_scenes import scenes
from tests.support.recorded import without_patches

PLATES = st.none() | st.builds(PlateRef, st.just("20261123T1200Z-0-0"), st.integers(0, 10**6))


@given(scenes(), st.integers(0, 99), PLATES)
def test_a_line_gives_the_very_scene_back(scene: Scene, connection: int, plate: PlateRef | None) -> None:
    line = decode_line(encode_line(scene, connection, plate))
    assert (line.connection, line.plate) == (connection, plate)
    assert scene_of(line, (), scene.plate_epoch) == without_patches(scene)
    assert scene_of(line, scene.patches, scene.plate_epoch) == scene


@given(scenes())
def test_a_line_of_before_it_was_told_where_a_camera_looks_is_read_and_says_that_it_is_not_known(scene: Scene) -> None:
    told = json.loads(encode_line(scene, 1, None))
    del told["health"]["at_home"]
    health = msgspec.structs.replace(scene.health, at_home=None)
    assert scene_of(decode_line(json.dumps(told).encode()), scene.patches, scene.plate_epoch) == msgspec.structs.replace(scene, health=health)


@given(scenes())
def test_a_field_of_its_own_cannot_travel_in_a_line(scene: Scene) -> None:
    told = json.loads(encode_line(scene, 1, None))
    places = [told, told["size"], told["health"], *told["glyphs"], *told["cells"]]
    for place in places:
        place["track"] = 7
        with pytest.raises(SceneError):
            decode_line(json.dumps(told).encode())
        del place["track"]
    decode_line(json.dumps(told).encode())


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"time_s":"x"}', b"[" * 10**5])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SceneError):
        decode_line(data)


@given(scenes())
def test_a_line_that_is_inconsistent_is_refused(scene: Scene) -> None:
    line = decode_line(encode_line(scene, 1, None))
    for wrong in ({"level": "raw"}, {"shown": b""}, {"block_px": 0}, {"time_s": -1.0}):
        with pytest.raises(SceneError):
            scene_of(msgspec.structs.replace(line, **wrong), (), 0)


def test_the_schema_names_every_field_with_its_type() -> None:
    schema = json.loads(scene_schema())
    fields = schema["properties"]
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert set(fields) == set(SceneLine.__struct_fields__)
    assert fields["shown"] == {"type": "string", "contentEncoding": "base64"}
    assert set(fields["glyphs"]["items"]["properties"]) == {"kind", "x_px", "y_px", "height_px", "width_px"}
    assert b"$ref" not in scene_schema()
