import os
import threading
from collections.abc import Iterator
from io import FileIO
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.framing import read_framed
from passerby.released.messages import Reason, Trouble, decode_message
from passerby.sealed.worker.outbox import FULL, MOST_WAITING, PLACE, Outbox, write_framed

WIDER_THAN_A_PIPE = 3_000_000


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, int]]:
    """The end that is read, as a file, and the one that is written to."""
    reading, writing = os.pipe()
    with cast("BinaryIO", FileIO(reading, "rb")) as file:
        yield file, writing
    # The reader goes first: whoever still writes then ends, and does not go on in the next test's pipe of the same number.
    os.close(writing)


def never_broken() -> None:
    raise AssertionError("the pipe is not broken")


def test_messages_come_whole_and_in_the_order_in_which_they_were_put(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    outbox = Outbox(writing, never_broken)
    outbox.start()
    sizes = [1, 0, 70_000, 5, WIDER_THAN_A_PIPE]
    for number, size in enumerate(sizes):
        outbox.put((str(number),), bytes([number]) * size)
    assert [read_framed(file) for _ in sizes] == [bytes([number]) * size for number, size in enumerate(sizes)]
    assert outbox.close(10)


def test_of_each_kind_only_the_newest_message_waits(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    outbox = Outbox(writing, never_broken)
    for number in range(1000):
        outbox.put(("scene", "a"), b"a%d" % number)
        outbox.put(("scene", "b"), b"b%d" % number)
    outbox.start()
    assert outbox.close(10)
    assert [read_framed(file), read_framed(file)] == [b"a999", b"b999"]


def test_a_replaced_message_keeps_its_turn(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    outbox = Outbox(writing, never_broken)
    for key in ("a", "b", "a", "a"):
        outbox.put((key,), key.encode())
    outbox.start()
    assert [read_framed(file), read_framed(file)] == [b"a", b"b"]


def test_what_waits_is_bounded(pipe: tuple[BinaryIO, int]) -> None:
    outbox = Outbox(pipe[1], never_broken)
    for number in range(2 * MOST_WAITING):
        outbox.put((str(number),), b"")
    assert len(outbox._waiting) == MOST_WAITING


def test_what_finds_no_room_is_counted_and_told_once_a_camera_when_there_is_room_again(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    outbox = Outbox(writing, never_broken)
    for number in range(MOST_WAITING + 5):
        outbox.put(("measurement", "gate", str(number), "0"), b"")
    for number in range(3):
        outbox.put(("measurement", "hall", str(number), "0"), b"")
    outbox.put(("Beat",), b"")
    assert outbox.refused == {"gate": 5, "hall": 3, "": 1}
    outbox.start()
    read = [read_framed(file) for _ in range(MOST_WAITING + 2)]
    assert outbox.close(10)
    assert read[:MOST_WAITING] == [b""] * MOST_WAITING
    told = [decode_message(data) for data in read[MOST_WAITING:] if data is not None]
    assert sorted(told, key=str) == [Trouble(camera, Reason.NONE, FULL, PLACE) for camera in ("gate", "hall")]


def test_a_plate_that_found_no_room_makes_the_next_scene_bring_the_whole_plate(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    outbox = Outbox(writing, never_broken)
    for number in range(MOST_WAITING):
        outbox.put((str(number),), b"")
    key = ("scene", "gate")
    outbox.put(key, b"patch", plate=True)
    assert outbox.holds_plate(key)
    outbox.put(key, b"nothing new")
    assert outbox.holds_plate(key)
    outbox.start()
    assert [read_framed(file) for _ in range(MOST_WAITING)] == [b""] * MOST_WAITING
    outbox.put(key, b"whole", plate=True)
    while (data := read_framed(file)) != b"whole":
        assert data is not None
    assert not outbox.holds_plate(key)


def test_whoever_replaces_a_message_with_a_plate_is_told_before(pipe: tuple[BinaryIO, int]) -> None:
    outbox = Outbox(pipe[1], never_broken)
    key = ("scene", "a")
    assert not outbox.holds_plate(key)
    outbox.put(key, b"1")
    assert not outbox.holds_plate(key)
    outbox.put(key, b"2", plate=True)
    assert outbox.holds_plate(key)
    assert not outbox.holds_plate(("scene", "b"))


def test_a_plate_that_was_written_is_held_no_longer(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    outbox = Outbox(writing, never_broken)
    outbox.put(("scene", "a"), b"plate", plate=True)
    outbox.start()
    assert read_framed(file) == b"plate"
    assert not outbox.holds_plate(("scene", "a"))


def test_a_reader_who_left_is_told_once_and_nothing_more_is_written() -> None:
    reading, writing = os.pipe()
    broken = threading.Event()
    outbox = Outbox(writing, broken.set)
    outbox.put(("a",), b"x")
    os.close(reading)
    outbox.start()
    assert broken.wait(10)
    outbox.put(("b",), b"y")
    assert not outbox.close(10)
    os.close(writing)


def test_closing_waits_no_longer_than_it_may_for_a_reader_who_does_not_read(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    outbox = Outbox(writing, lambda: None)
    outbox.put(("a",), bytes(WIDER_THAN_A_PIPE))
    outbox.start()
    assert not outbox.close(0.01)
    file.close()
    outbox._thread.join(10)
    assert not outbox._thread.is_alive()


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_what_is_written_is_read(messages: list[bytes]) -> None:
    reading, writing = os.pipe()
    for message in messages:
        write_framed(writing, message)
    os.close(writing)
    with cast("BinaryIO", FileIO(reading, "rb")) as file:
        read = list(iter(lambda: read_framed(file), None))
    assert read == messages
