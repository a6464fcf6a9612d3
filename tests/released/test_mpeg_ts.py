import io
import itertools

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.mpeg_ts import PACKET_BYTES, TICKS_HZ, TsMuxer, rejoined
from passerby.released.scene import Size
from passerby.released.video_stream import StreamEncoder
from tests.released.drawn_pictures import moving_bar

STEP = TICKS_HZ // 10


def packets_of(chunk: bytes) -> list[bytes]:
    assert len(chunk) % PACKET_BYTES == 0
    return [chunk[at : at + PACKET_BYTES] for at in range(0, len(chunk), PACKET_BYTES)]


def payload_of(packet: bytes) -> bytes:
    """What a packet carries, as 13818-1, 2.4.3 says."""
    assert packet[0] == 0x47
    return packet[5 + packet[4] :] if packet[3] & 0x20 else packet[4:]


def stream(pictures: int, *, first_ticks: int = 0, key_every: int = 5) -> bytes:
    encoder, muxer = StreamEncoder(Size(64, 48), 10), TsMuxer()
    chunks = []
    for number in range(pictures):
        unit = encoder.picture(moving_bar(64, 48, number), key=number % key_every == 0)
        units = (*encoder.parameter_sets, *unit.units) if unit.key else unit.units
        chunks.append(muxer.picture(units, first_ticks + number * STEP, key=unit.key))
    return b"".join(chunks)


def test_a_player_finds_every_picture_at_its_time() -> None:
    with av.open(io.BytesIO(stream(30)), "r", format="mpegts") as container:
        packets = [packet for packet in container.demux(video=0) if packet.dts is not None]
    assert [packet.pts - packets[0].pts for packet in packets if packet.pts is not None and packets[0].pts is not None] == [
        number * STEP for number in range(30)
    ]
    assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == [0, 5, 10, 15, 20, 25]


def test_times_go_on_where_their_33_bits_end() -> None:
    with av.open(io.BytesIO(stream(30, first_ticks=2**33 - TICKS_HZ - 12 * STEP)), "r", format="mpegts") as container:
        times = [packet.pts for packet in container.demux(video=0) if packet.pts is not None]
    assert len(times) == 30
    assert {after - before for before, after in itertools.pairwise(times)} == {STEP}


@given(sizes=st.lists(st.integers(1, 900), min_size=1, max_size=6), data=st.data())
def test_packets_are_whole_numbered_and_carry_what_was_given(sizes: list[int], data: st.DataObject) -> None:
    muxer = TsMuxer()
    keys = [data.draw(st.booleans()) for _ in sizes]
    packets = []
    for number, (size, key) in enumerate(zip(sizes, keys, strict=True)):
        unit = bytes([0x65 if key else 0x41]) + bytes([0xAA]) * size
        chunk = packets_of(muxer.picture((unit,), number * STEP, key=key))
        packets += chunk
        video = [packet for packet in chunk if packet[1] & 0x1F == 1]
        assert b"".join(payload_of(packet) for packet in video).endswith(b"\0\0\0\1" + unit)
    for pid in (0, 0x1000, 0x100):
        counters = [packet[3] & 15 for packet in packets if (packet[1] & 0x1F) << 8 | packet[2] == pid]
        assert counters == [number % 16 for number in range(len(counters))]


def test_who_joins_is_told_of_the_jump_and_nothing_else_differs() -> None:
    muxer = TsMuxer()
    muxer.picture((b"\x65abc",), 0, key=True)
    chunk = muxer.picture((b"\x65abc",), STEP, key=True)
    told = rejoined(chunk)
    differing = [at for at in range(len(chunk)) if chunk[at] != told[at]]
    assert len(differing) == 1
    assert chunk[differing[0]] ^ told[differing[0]] == 0x80
    assert packets_of(told)[2][5] & 0x80


@pytest.mark.parametrize("key", [True, False])
def test_the_first_picture_of_a_muxer_says_that_it_follows_on_nothing(key: bool) -> None:
    muxer = TsMuxer()
    first, second = (packets_of(muxer.picture((b"\x65abc",), number * STEP, key=key)) for number in range(2))
    at = 2 if key else 0
    assert first[at][5] & 0x80
    assert not second[at][5] & 0x80
