import re

from hypothesis import given
from hypothesis import strategies as st

from passerby.released.mpeg_ts import PACKET_BYTES, TsMuxer
from passerby.serve.outlet import KEPT_PICTURES, MOST_AT_ONCE_BYTES, MOST_BYTES, Outlet

KEY_EVERY = 5


def chunk(number: int, size: int = 20) -> bytes:
    """A picture that can be told by its bytes; key frames are such that can be begun at."""
    body = bytes([0x65 if number % KEY_EVERY == 0 else 0x41]) + f"<{number}>".encode().ljust(size, b".")
    return TsMuxer().picture((body,), number * 9000, key=number % KEY_EVERY == 0)


def fill(outlet: Outlet, numbers: range, size: int = 20) -> None:
    for number in numbers:
        outlet.put(number, chunk(number, size), key=number % KEY_EVERY == 0)


def numbers_in(data: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"<(\d+)>", data)]


def test_who_joins_begins_at_the_newest_key_frame() -> None:
    outlet = Outlet()
    fill(outlet, range(13))
    reading = outlet.read(None)
    assert numbers_in(reading.data) == [10, 11, 12]
    assert reading.dropped
    assert outlet.read(reading.position).data == b""


def test_who_reads_on_gets_every_picture_once() -> None:
    outlet = Outlet()
    fill(outlet, range(6))
    position = outlet.read(None).position
    fill(outlet, range(6, 9))
    reading = outlet.read(position)
    assert numbers_in(reading.data) == [6, 7, 8]
    assert not reading.dropped


def test_before_the_first_key_frame_there_is_nothing() -> None:
    outlet = Outlet()
    fill(outlet, range(1, 4))
    assert outlet.read(None).data == b""


def test_who_is_too_slow_goes_on_at_the_newest_key_frame_and_is_told_of_the_jump() -> None:
    outlet = Outlet()
    fill(outlet, range(6))
    position = outlet.read(None).position
    fill(outlet, range(6, 6 + 3 * KEPT_PICTURES))
    reading = outlet.read(position)
    assert reading.dropped
    assert numbers_in(reading.data)[0] == 6 + 3 * KEPT_PICTURES - 1 - (5 + 3 * KEPT_PICTURES) % KEY_EVERY
    assert reading.data[2 * PACKET_BYTES + 5] & 0x80


def test_a_picture_that_was_given_already_is_left_out() -> None:
    outlet = Outlet()
    fill(outlet, range(8))
    fill(outlet, range(5, 10))
    assert outlet.newest == 9
    assert numbers_in(outlet.read(None).data) == [5, 6, 7, 8, 9]


def test_what_was_let_go_does_not_come_again() -> None:
    outlet = Outlet()
    fill(outlet, range(8))
    outlet.clear()
    assert outlet.read(None).data == b""
    fill(outlet, range(8))
    assert outlet.read(None).data == b""
    assert outlet.newest == 7


@given(sizes=st.lists(st.integers(1, 2_000_000), max_size=30))
def test_what_is_kept_is_bounded_however_large_pictures_are(sizes: list[int]) -> None:
    outlet = Outlet()
    for number, size in enumerate(sizes):
        outlet.put(number, bytes(size), key=True)
        assert outlet.kept_bytes <= MOST_BYTES


@given(steps=st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=20))
def test_readers_always_get_pictures_in_order_that_can_be_decoded(steps: list[tuple[int, bool]]) -> None:
    outlet, position, read, newest = Outlet(), None, list[int](), 0
    for count, reads in steps:
        fill(outlet, range(newest, newest + count))
        newest += count
        if reads:
            reading = outlet.read(position)
            position = reading.position
            found = numbers_in(reading.data)
            if found:
                follows = bool(read) and found[0] == read[-1] + 1
                assert follows or found[0] % KEY_EVERY == 0
                assert found == list(range(found[0], found[-1] + 1))
                assert not read or found[0] > read[-1]
            read += found


def test_no_more_is_taken_at_once_than_fits_a_connection() -> None:
    outlet = Outlet()
    fill(outlet, range(KEPT_PICTURES), size=60_000)
    position = outlet.read(None).position
    reading = outlet.read(0)
    assert len(reading.data) <= MOST_AT_ONCE_BYTES
    assert reading.position is not None
    assert position is not None
    assert reading.position < position
