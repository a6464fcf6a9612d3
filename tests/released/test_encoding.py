"""Scenes as bytes: nothing is lost, nothing is smuggled, nothing damaged passes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import PasserbyError, SceneError
from passerby.released.encoding import VERSION, decode, encode
from passerby.released.geometry import check
from passerby.released.scene import Scene, Size
from tests.released.drawn_scenes import drawn_scene, person, scenes

SCENE = drawn_scene(Size(64, 48), glyphs=(person(20, 40),))


@given(scenes())
def test_a_scene_survives_its_encoding(scene: Scene) -> None:
    assert decode(encode(scene)) == scene


@given(scenes())
def test_equal_scenes_have_equal_bytes(scene: Scene) -> None:
    again = msgspec.convert(msgspec.to_builtins(scene, builtin_types=(bytes,)), Scene)
    assert again == scene
    assert encode(again) == encode(scene)


@given(scenes(), st.data())
def test_damaged_bytes_are_refused_or_give_a_consistent_scene(scene: Scene, data: st.DataObject) -> None:
    damaged = bytearray(encode(scene))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        other = decode(bytes(damaged))
    except SceneError:
        return
    check(other)
    assert encode(other) == bytes(damaged)


@given(scenes(), st.data())
def test_cut_bytes_are_refused(scene: Scene, data: st.DataObject) -> None:
    whole = encode(scene)
    with pytest.raises(SceneError):
        decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.binary(max_size=200))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(SceneError):
        decode(garbage)
    with pytest.raises(SceneError):
        decode(bytes((VERSION,)) + garbage)


def test_deeply_nested_garbage_is_refused() -> None:
    with pytest.raises(SceneError):
        decode(bytes((VERSION,)) + b"\x91" * 100_000)


def test_a_field_of_its_own_cannot_travel_in_a_scene() -> None:
    fields = msgspec.msgpack.decode(encode(SCENE)[1:])
    fields["track_id"] = 7
    with pytest.raises(SceneError, match="more than a scene"):
        decode(bytes((VERSION,)) + msgspec.msgpack.encode(fields))


def test_a_glyph_cannot_carry_a_further_number() -> None:
    fields = msgspec.msgpack.decode(encode(SCENE)[1:])
    fields["glyphs"][0].append(7)
    with pytest.raises(SceneError, match="more than a scene"):
        decode(bytes((VERSION,)) + msgspec.msgpack.encode(fields))


def test_bytes_after_the_scene_are_refused() -> None:
    with pytest.raises(SceneError):
        decode(encode(SCENE) + b"\x00")


def test_a_block_of_no_size_is_refused() -> None:
    fields = msgspec.msgpack.decode(encode(SCENE)[1:])
    fields["block_px"] = 0
    with pytest.raises(SceneError):
        decode(bytes((VERSION,)) + msgspec.msgpack.encode(fields))


def test_another_version_is_named() -> None:
    for version in (VERSION - 1, VERSION + 1):
        with pytest.raises(SceneError, match=f"not with {version:02x}"):
            decode(bytes((version,)) + encode(SCENE)[1:])


def test_an_inconsistent_scene_is_not_written() -> None:
    with pytest.raises(SceneError):
        encode(msgspec.structs.replace(SCENE, time_s=float("nan")))


def test_the_error_is_a_value_error_and_one_of_ours() -> None:
    assert issubclass(SceneError, ValueError)
    assert issubclass(SceneError, PasserbyError)


def test_the_bytes_begin_as_the_module_says() -> None:
    begin = bytes.fromhex("028d") + b"\xa4type\xa5Scene\xa6time_s\xcb" + bytes.fromhex("3ff0000000000000") + b"\xa4size\x92\xcd\x03\x00\xcd\x02\x40"
    assert encode(drawn_scene(Size(768, 576), time_s=1.0)).startswith(begin)
