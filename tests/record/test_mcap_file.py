import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Message
from mcap.stream_reader import StreamReader

from passerby.record.closing import finish
from passerby.record.mcap_file import Channel, Entry, GrowingFile, read_file, write_closed

CHANNEL = Channel("/gate/scene", "test.Schema", b'{"type":"object"}')
METADATA = {"camera": "gate", "era": "0"}


def entries(count: int, first: int = 0) -> list[Entry]:
    return [Entry(10**18 + number * 10**8, b'{"n":%d}' % number) for number in range(first, first + count)]


def grown(path: Path, flushes: int = 3, each: int = 4) -> list[int]:
    """A file under way; its size after each flush."""
    file = GrowingFile(path, CHANNEL, METADATA)
    sizes = []
    for number in range(flushes):
        for entry in entries(each, number * each):
            file.add(entry)
        file.flush()
        sizes.append(path.stat().st_size)
    file.close()
    return sizes


def test_a_file_under_way_is_read_up_to_its_last_flush(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap.open"
    grown(path)
    contents = read_file(path)
    assert list(contents.entries) == entries(12)
    assert contents.metadata == METADATA
    assert not contents.complete


@settings(max_examples=40, deadline=None)
@given(cut=st.floats(0, 1))
def test_a_file_that_is_cut_anywhere_holds_all_flushes_before_the_cut(tmp_path_factory: pytest.TempPathFactory, cut: float) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.mcap.open"
    sizes = grown(path)
    at = round(cut * sizes[-1])
    data = path.read_bytes()[:at]
    path.write_bytes(data)
    flushed = sum(size <= at for size in sizes)
    read = list(read_file(path).entries)
    assert read[: 4 * flushed] == entries(4 * flushed)
    assert read == entries(len(read))


@settings(max_examples=60, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_bit_that_fell_over_never_gives_a_message_that_was_not_written(tmp_path_factory: pytest.TempPathFactory, at: float, bit: int) -> None:
    path = tmp_path_factory.mktemp("bit") / "a.mcap.open"
    grown(path)
    data = bytearray(path.read_bytes())
    data[int(at * len(data))] ^= 1 << bit
    path.write_bytes(data)
    assert all(entry in entries(12) for entry in read_file(path).entries)


def test_a_closed_file_says_so_and_one_that_lacks_its_end_does_not(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    write_closed(path, CHANNEL, METADATA, entries(100))
    assert read_file(path).complete
    assert list(read_file(path).entries) == entries(100)
    path.write_bytes(path.read_bytes()[:-20])
    assert not read_file(path).complete


@settings(max_examples=80, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_of_a_closed_file_any_bit_that_fell_over_is_noticed(tmp_path_factory: pytest.TempPathFactory, at: float, bit: int) -> None:
    path = tmp_path_factory.mktemp("bit") / "a.mcap"
    write_closed(path, CHANNEL, METADATA, entries(30))
    data = bytearray(path.read_bytes())
    data[int(at * len(data))] ^= 1 << bit
    path.write_bytes(data)
    contents = read_file(path)
    assert not contents.complete
    assert all(entry in entries(30) for entry in contents.entries)


def test_other_tools_list_and_read_closed_files_and_files_under_way(tmp_path: Path) -> None:
    closed, under_way = tmp_path / "a.mcap", tmp_path / "b.mcap.open"
    write_closed(closed, CHANNEL, METADATA, entries(100))
    grown(under_way)
    with closed.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        assert summary is not None
        assert summary.statistics is not None
        assert summary.statistics.message_count == 100
        assert [(channel.topic, channel.message_encoding) for channel in summary.channels.values()] == [("/gate/scene", "json")]
        assert [(schema.name, schema.encoding) for schema in summary.schemas.values()] == [("test.Schema", "jsonschema")]
        begin, end = 10**18 + 10**9, 10**18 + 2 * 10**9
        inner = [message.data for _, _, message in reader.iter_messages(topics="/gate/scene", starting_at=begin, ending_before=end)]
        assert inner == [entry.data for entry in entries(10, 10)]
    with under_way.open("rb") as file:
        data: list[bytes] = []
        with contextlib.suppress(McapError):  # it has no end: a tool says so when it gets there
            data += (record.data for record in StreamReader(file).records if isinstance(record, Message))
    assert data == [entry.data for entry in entries(12)]


def test_what_cannot_be_written_is_written_by_the_next_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mcap.open"
    file = GrowingFile(path, CHANNEL, METADATA)
    for entry in entries(4):
        file.add(entry)
    pwrite = os.pwrite

    def half(descriptor: int, data: bytes, offset: int) -> int:
        pwrite(descriptor, bytes(data[: len(data) // 2]), offset)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", half)
    with pytest.raises(OSError, match="No space"):
        file.flush()
    assert file.pending_bytes
    monkeypatch.setattr(os, "pwrite", pwrite)
    for entry in entries(4, 4):
        file.add(entry)
    file.flush()
    file.close()
    assert list(read_file(path).entries) == entries(8)


def test_closing_keeps_every_message_and_can_be_done_again_after_a_crash(tmp_path: Path) -> None:
    under_way = tmp_path / "a.mcap.open"
    grown(under_way)
    data = under_way.read_bytes()
    assert finish(under_way, CHANNEL, recovered=True) == 12
    closed = tmp_path / "a.mcap"
    contents = read_file(closed)
    assert contents.complete
    assert contents.metadata == {**METADATA, "recovered": "yes"}
    assert not under_way.exists()
    before = closed.read_bytes()
    under_way.write_bytes(data)
    finish(under_way, CHANNEL, recovered=True)
    assert closed.read_bytes() == before
    assert not under_way.exists()


def test_a_file_in_which_nothing_was_written_leaves_none_behind(tmp_path: Path) -> None:
    under_way = tmp_path / "a.mcap.open"
    under_way.write_bytes(b"")
    finish(under_way, CHANNEL, recovered=True)
    assert list(tmp_path.iterdir()) == []
