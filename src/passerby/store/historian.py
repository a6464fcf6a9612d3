"""The process that answers questions about the history and compacts it: DuckDB is loaded here, and never in the supervisor.

in   framed MessagePack of AskHistory, AskHeat, Compact or Validate
out  for each, framed MessagePack of Told, Compacted, Validated, Senseless or Failed
"""

import contextlib
import os
import resource
import signal
import sys
from datetime import UTC, tzinfo
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

import duckdb
import msgspec

from passerby.errors import PasserbyError, SettingsError, UserError
from passerby.released.framing import framed, read_framed
from passerby.store.accuracy import read_accuracies, write_accuracies
from passerby.store.answers import Reader
from passerby.store.asking import heat_question_of, question_of
from passerby.store.compacting import compact
from passerby.store.crowds import trained_crowds, write_crowds
from passerby.store.heat_answers import heat_of, in_whole_days
from passerby.store.heat_sheet import heat_json, heat_sheet
from passerby.store.historian_orders import (
    CSV,
    AskHeat,
    AskHistory,
    Compact,
    Compacted,
    Failed,
    HistorianAnswer,
    HistorianOrder,
    Senseless,
    Told,
    Validate,
    Validated,
)
from passerby.store.sheet import csv_of, json_of, sheet_of
from passerby.store.suppression import K
from passerby.store.tallies import read_tallies
from passerby.store.tally import Seen
from passerby.store.validating import standing, validated

MOST_BYTES: Final = 2 * 1024**3
"""Address space of the process: a question that needs more fails, and nothing beside it."""


class Historian:
    """Answers orders about histories; those that it read are kept open."""

    def __init__(self) -> None:
        self._readers: dict[str, Reader] = {}

    def answer(self, order: HistorianOrder) -> HistorianAnswer:
        """The answer to an order; what went wrong is told in words."""
        try:
            if isinstance(order, Compact):
                compact(Path(order.folder))
                return Compacted()
            if isinstance(order, Validate):
                _validate(order)
                return Validated()
            return Told(self._heat(order) if isinstance(order, AskHeat) else self._told(order))
        except SettingsError as error:
            return Senseless(error.message, error.hint)
        except UserError as error:
            return Failed(error.message)
        except (PasserbyError, OSError, duckdb.Error, MemoryError) as error:
            return Failed(f"the history cannot be read: {type(error).__name__}")

    def _told(self, ask: AskHistory) -> bytes:
        question = question_of(ask.wish, _zone(ask.zone), ask.now_s)
        spans = self._reader(ask.folder).answer(question, ask.most)
        sheet = sheet_of(question, spans, read_accuracies(Path(ask.folder)), frozenset(ask.waiting), for_operator=ask.for_operator)
        return csv_of(sheet) if ask.form == CSV else json_of(sheet, question, ask.zone)

    def _heat(self, ask: AskHeat) -> bytes:
        question = heat_question_of(ask.wish, _zone(ask.zone), ask.now_s)
        reader = self._reader(ask.folder)
        if ask.for_operator:
            heat = heat_of(reader, question, ask.most)
        else:
            heat = heat_of(reader, in_whole_days(question, ask.now_s, reader.first_day()), ask.most, K)
        if ask.form == CSV:
            return csv_of(heat_sheet(heat, for_operator=ask.for_operator))
        return heat_json(heat, ask.zone, for_operator=ask.for_operator)

    def _reader(self, folder: str) -> Reader:
        return self._readers.setdefault(folder, Reader(Path(folder)))


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def _validate(order: Validate) -> None:
    shapes = {(table, camera, one): shape for table, camera, one, shape in order.shapes}
    folder, entries = Path(order.folder), read_tallies(Path(order.tallies))
    crowds = trained_crowds(standing(entries), {entry.id: entry for entry in entries if isinstance(entry, Seen)}, shapes)
    write_crowds(folder, crowds)
    write_accuracies(folder, validated(folder, entries, shapes, _zone(order.zone), crowds))


def answer_all(orders: BinaryIO, answers: BinaryIO) -> None:
    """Follows orders until they end."""
    historian = Historian()
    while (data := read_framed(orders)) is not None:
        answers.write(framed(msgspec.msgpack.encode(historian.answer(msgspec.msgpack.decode(data, type=HistorianOrder)))))
        answers.flush()


def main() -> None:
    """Runs as a process."""
    # Ctrl-C in a terminal reaches all processes of its group: this one ends when its supervisor closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    with contextlib.suppress(OSError):
        os.nice(5)
    with contextlib.suppress(BrokenPipeError, OSError), os.fdopen(os.dup(1), "wb") as answers:
        # Nothing but answers goes out, whatever a library prints.
        os.dup2(2, 1)
        answer_all(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
