"""Structured logs on standard error: one event a line, JSON for machines, words and colours for a terminal.

A log that nobody reads, a full pipe for instance, holds up nobody: lines wait in a queue of bounded size, what does not fit is dropped, counted
and told of when lines flow again. A line never holds a pixel, an address of a camera or a secret: events carry ids and words of ours only.
"""

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

import structlog

from passerby.supervise.journal import Journal

MOST_LINES: Final = 2000
MOST_LETTERS: Final = 4000
FLUSH_WITHIN_S: Final = 0.5


class LineWriter:
    """Writes lines from a thread of its own. structlog calls `msg` and its namesakes.

    Args:
        stream: Where lines go.
        most_lines: How many may wait.

    Attributes:
        lost: Lines that were dropped.
    """

    def __init__(self, stream: TextIO, most_lines: int = MOST_LINES) -> None:
        self.lost = 0
        self._told = 0
        self._stream = stream
        self._queue: queue.Queue[str | None] = queue.Queue(most_lines)
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def msg(self, line: str) -> None:
        """Queues a line; never blocks."""
        try:
            self._queue.put_nowait(line[:MOST_LETTERS])
        except queue.Full:
            self.lost += 1

    debug = info = warning = warn = error = critical = fatal = exception = log = msg

    def close(self) -> None:
        """Writes what waits, if somebody takes it in time."""
        try:
            self._queue.put(None, timeout=FLUSH_WITHIN_S)
        except queue.Full:
            return
        self._thread.join(FLUSH_WITHIN_S)

    def _run(self) -> None:
        while (line := self._queue.get()) is not None:
            if self.lost > self._told:
                lost, self._told = self.lost - self._told, self.lost
                line = f"{line}\n({lost} log lines were dropped)"
            try:
                self._stream.write(f"{line}\n")
                if self._queue.empty():
                    self._stream.flush()
            except (OSError, ValueError):
                self.lost += 1


class _FromLogging(logging.Handler):
    """Hands what libraries log (uvicorn, asyncio) to the journal: the logger's name, and the class of an exception, never its text."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Takes a record."""
        kind, _, trace = record.exc_info or (None, None, None)
        error = kind.__name__ if kind is not None else ""
        place = ""
        while trace is not None:
            place, trace = f"{trace.tb_frame.f_globals.get('__name__', '')}:{trace.tb_lineno}", trace.tb_next
        facts = {"library": record.name, "error": error, "place": place} if error else {"library": record.name}
        say = self._journal.error if record.levelno >= logging.ERROR else self._journal.warning
        say("a library reported a problem" if error else str(record.msg)[:200], **facts)


@contextmanager
def journal_on(stream: TextIO, *, words: bool) -> Iterator[tuple[Journal, LineWriter]]:
    """A journal that writes to a stream, and its writer. Inside, what libraries log goes there, too.

    Args:
        stream: Standard error.
        words: For people at a terminal, instead of JSON.
    """
    writer = LineWriter(stream)
    journal: Any = structlog.wrap_logger(
        writer,
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if words else "iso", utc=not words),
            structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0, pad_level=False) if words else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    handler = _FromLogging(journal)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield journal, writer
    finally:
        root.removeHandler(handler)
        writer.close()
