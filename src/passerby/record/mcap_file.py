"""MCAP files (https://mcap.dev/spec, version 0): the one place where the package `mcap` is met.

A file under way is a header and chunks, each as it was flushed. It is complete in itself up to its last whole chunk: a reader walks it from the
start. A closed file is written anew from it, in few large chunks, with the indexes and the summary that tools want.
"""

import io
import itertools
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

import zstandard
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Chunk, ChunkIndex, Footer, Message, Metadata, Statistics
from mcap.stream_reader import StreamReader, breakup_chunk
from mcap.writer import MCAP0_MAGIC, CompressionType, Writer

from passerby.released.durable import replace_file, sync_data, sync_folder

LIBRARY: Final = "passerby"
METADATA_NAME: Final = "passerby"
CHUNK_BYTES: Final = 4 * 1024 * 1024
MOST_CHUNK_BYTES: Final = 512 * 1024 * 1024
"""A chunk that says it unpacks to more is damaged."""
MOST_INDEX_BYTES: Final = 64 * 1024 * 1024
_SUM_BYTES: Final = 4
_FOOTER_BYTES: Final = 20
_END: Final = struct.Struct(f"<BQQQI{len(MCAP0_MAGIC)}s")
"""Opcode and length of the footer, where the summary and its offsets begin, the summary's sum, and the magic bytes."""
_INDEX_HEAD: Final = struct.Struct("<BQHI")
_INDEXED: Final = struct.Struct("<QQ")
_DAMAGE: Final = (McapError, zstandard.ZstdError, ValueError, struct.error, EOFError, KeyError, IndexError, MemoryError, OverflowError)


@dataclass(frozen=True, slots=True)
class Channel:
    """What a file's messages are: JSON of one schema on one topic."""

    topic: str
    schema_name: str
    schema: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of a file: its log time in nanoseconds since 1970 UTC, and its JSON."""

    log_ns: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, as far as it could be read.

    Attributes:
        entries: Its messages, in the order in which they were written.
        metadata: What it says of itself.
        complete: Whether it was closed: the index is there, and counts as many messages as were read.
    """

    entries: tuple[Entry, ...]
    metadata: Mapping[str, str]
    complete: bool


class _Buffer:
    """Takes what the writer of the package writes, and counts it. No RawIOBase: the package would put a buffer of its own before that."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._told = 0

    def write(self, data: bytes) -> int:
        self.data += data
        self._told += len(data)
        return len(data)

    def tell(self) -> int:
        return self._told

    def flush(self) -> None:
        pass


class GrowingFile:
    """A file under way. What `add` was given is in memory until `flush` has brought it to the disk.

    Args:
        path: The file, which must not exist.
        channel: What its messages are.
        metadata: What it says of itself.

    Raises:
        OSError: It cannot be created.
    """

    def __init__(self, path: Path, channel: Channel, metadata: Mapping[str, str]) -> None:
        self.path = path
        self.count = 0
        self._descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o640)
        self._written = 0
        self._named = False
        self._buffer = _Buffer()
        self._writer, self._channel_id = _started(cast("IO[bytes]", self._buffer), channel, metadata)

    @property
    def pending_bytes(self) -> int:
        """Bytes that could not be written yet."""
        return len(self._buffer.data)

    def add(self, entry: Entry) -> None:
        """Takes a message."""
        self._writer.add_message(self._channel_id, entry.log_ns, entry.data, entry.log_ns, self.count)
        self.count += 1

    def flush(self) -> None:
        """Brings everything to the disk. If that fails nothing is lost: the next flush writes it again, at the same place.

        Raises:
            OSError: It could not be written.
        """
        self._writer.flush()  # type: ignore[no-untyped-call]
        data = self._buffer.data
        if not data:
            return
        at = 0
        while at < len(data):
            at += os.pwrite(self._descriptor, data[at:], self._written + at)
        sync_data(self._descriptor)
        if not self._named:
            sync_folder(self.path.parent)
            self._named = True
        self._written += len(data)
        data.clear()

    def close(self) -> None:
        """Lets go of the file; what was not flushed is lost."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_file(path: Path) -> Contents:
    """What a file holds up to its end or to its first damage, whether it was closed or not.

    Raises:
        OSError: It cannot be read.
    """
    data = path.read_bytes()
    entries: list[Entry] = []
    metadata: Mapping[str, str] = {}
    whole, counted = False, -1
    reader = StreamReader(io.BytesIO(data), emit_chunks=True, validate_crcs=True, record_size_limit=len(data))
    try:
        for record in reader.records:
            if isinstance(record, Chunk):
                entries += _entries_of(record)
            elif isinstance(record, Metadata) and record.name == METADATA_NAME:
                metadata = dict(record.metadata)
            elif isinstance(record, Statistics):
                counted = record.message_count
            elif isinstance(record, Footer):
                whole = _summary_is_whole(data, record)
    except _DAMAGE:
        # What comes after damage is not looked for: a file grows at its end only, so all before is what was flushed.
        return Contents(tuple(entries), metadata, complete=False)
    return Contents(tuple(entries), metadata, complete=whole and counted == len(entries))


def read_times(path: Path) -> tuple[int, ...] | None:
    """Log times of a closed file's messages in nanoseconds, out of its indexes: no message is read. None = it was not closed, or is damaged there.

    The summary is checked by its sum. Lists of times have none: they are believed where they are in order and begin, end and are as many as the
    summary says. So damage that is not found leaves each time between its neighbours.

    Raises:
        OSError: It cannot be read.
    """
    times: list[int] = []
    with path.open("rb") as file:
        try:
            counted, chunks = _summary_of(file)
            for chunk in chunks:
                times += _indexed_times(file, chunk)
        except _DAMAGE:
            return None
    return tuple(sorted(times)) if len(times) == counted else None


def _summary_of(file: IO[bytes]) -> tuple[int, list[ChunkIndex]]:
    """How many messages a closed file has, and where its chunks and their indexes are. Raises one of _DAMAGE where that is not whole."""
    size = file.seek(0, io.SEEK_END)
    if size < _END.size:
        raise ValueError("no end of a file")
    file.seek(size - _END.size)
    opcode, length, summary_start, _offsets_start, crc, magic = _END.unpack(file.read(_END.size))
    summary_size = size - _END.size - summary_start
    if opcode != Opcode.FOOTER or length != _FOOTER_BYTES or magic != MCAP0_MAGIC or summary_start == 0 or not 0 < summary_size <= MOST_INDEX_BYTES:
        raise ValueError("no summary")
    file.seek(summary_start)
    data = file.read(size - summary_start)
    if zlib.crc32(data[: -len(MCAP0_MAGIC) - _SUM_BYTES]) != crc:
        raise ValueError("a summary that is damaged")
    counted, chunks = -1, []
    for record in StreamReader(io.BytesIO(data), skip_magic=True, record_size_limit=len(data)).records:
        if isinstance(record, Statistics):
            counted = record.message_count
        elif isinstance(record, ChunkIndex):
            chunks.append(record)
    return counted, chunks


def _indexed_times(file: IO[bytes], chunk: ChunkIndex) -> list[int]:
    """The times in a chunk's message indexes. Raises one of _DAMAGE where they are not what the summary says."""
    times: list[int] = []
    begin = chunk.chunk_start_offset + chunk.chunk_length
    for offset in chunk.message_index_offsets.values():
        # Beyond the indexes of the chunk nothing is looked for: there a seek would be an error of the disk.
        if not begin <= offset < begin + chunk.message_index_length:
            raise ValueError("an index of messages that is elsewhere")
        file.seek(offset)
        times += _listed_times(file)
    if times and (min(times), max(times)) != (chunk.message_start_time, chunk.message_end_time):
        raise ValueError("times that are not those of the chunk")
    return times


def _listed_times(file: IO[bytes]) -> list[int]:
    """The times in a message index (opcode 07): opcode and length, channel, length of the list, and the list of times and offsets."""
    opcode, length, _channel, listed = _INDEX_HEAD.unpack(file.read(_INDEX_HEAD.size))
    if opcode != Opcode.MESSAGE_INDEX or length != listed + 6 or listed % _INDEXED.size or listed > MOST_INDEX_BYTES:
        raise ValueError("no index of messages")
    times = [time_ns for time_ns, _offset in _INDEXED.iter_unpack(file.read(listed))]
    if any(later < earlier for earlier, later in itertools.pairwise(times)):
        # As it would be where the clock was set back: then the messages themselves are asked.
        raise ValueError("times that are not in order")
    return times


def write_closed(path: Path, channel: Channel, metadata: Mapping[str, str], entries: Iterable[Entry]) -> None:
    """Writes a closed file under its name, at once and as a whole, and brings it to the disk.

    Raises:
        OSError: It could not be written; nothing of it is left.
    """
    buffer = _Buffer()
    writer, channel_id = _started(cast("IO[bytes]", buffer), channel, metadata)
    for number, entry in enumerate(entries):
        writer.add_message(channel_id, entry.log_ns, entry.data, entry.log_ns, number)
    writer.finish()  # type: ignore[no-untyped-call]
    replace_file(path, bytes(buffer.data))


def _summary_is_whole(data: bytes, footer: Footer) -> bool:
    """Whether the sum over the summary is right: it ends where the footer's own field of the sum begins."""
    end = len(data) - len(MCAP0_MAGIC) - _SUM_BYTES
    return 0 < footer.summary_start < end and zlib.crc32(data[footer.summary_start : end]) == footer.summary_crc


def _entries_of(chunk: Chunk) -> Iterator[Entry]:
    if chunk.uncompressed_size > MOST_CHUNK_BYTES:
        raise ValueError(f"a chunk says that it unpacks to {chunk.uncompressed_size} bytes")
    for record in breakup_chunk(chunk, validate_crc=True):
        if isinstance(record, Message):
            yield Entry(record.log_time, record.data)


def _started(stream: IO[bytes], channel: Channel, metadata: Mapping[str, str]) -> tuple[Writer, int]:
    writer = Writer(stream, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD, enable_data_crcs=True)
    writer.start(profile="", library=LIBRARY)
    writer.add_metadata(METADATA_NAME, dict(metadata))
    schema = writer.register_schema(channel.schema_name, "jsonschema", channel.schema)
    return writer, writer.register_channel(channel.topic, "json", schema)
