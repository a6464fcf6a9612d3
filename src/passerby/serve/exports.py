"""Exports of recordings: written down, then drawn while they are fetched, each by a process of its own. No file of ours comes into being.

An export that nobody fetches is forgotten after a while. One whose reader stands still is ended: it must not keep others waiting.
"""

import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Final, cast

import msgspec

from passerby.errors import SceneError
from passerby.record.receipts import Act, Receipt
from passerby.released.framing import framed, read_framed
from passerby.released.show import Show
from passerby.serve.answers import AnswerError
from passerby.serve.archive import Archive, file_name
from passerby.serve.export_orders import Done, DrawExport, ExporterAnswer, Part, Refused
from passerby.supervise.asked_process import end, started

EXPORTER: Final = (sys.executable, "-I", "-m", "passerby.serve.exporter")
MOST_AT_ONCE: Final = 2
MOST_EXPORTS: Final = 16
KEEP_S: Final = 900.0
STALLED_S: Final = 120.0
LONGEST_S: Final = 86400.0
"""One export spans a day at most."""
CHECK_WITHIN_S: Final = 60.0


class ExportState(StrEnum):
    """How far an export is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What somebody wants to export."""

    camera: str
    from_s: float
    to_s: float
    show: Show = Show.GLYPHS
    caption: bool = True


@dataclass(slots=True)
class Export:
    """One export.

    Attributes:
        wish: What is exported.
        name: Name of the file.
        by: Who exports.
        id: A secret of who ordered it.
        state: How far it is.
        done: Part of the time that has been drawn, 0 to 1.
        sent_bytes: What was given out of it.
        says: Why it failed.
        moved_at_s: When something happened last, monotonic time.
        process: What draws it, while it is drawn.
    """

    wish: ExportWish
    name: str
    by: str
    moved_at_s: float
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    state: ExportState = ExportState.WAITING
    done: float = 0.0
    sent_bytes: int = 0
    says: str = ""
    process: subprocess.Popen[bytes] | None = None


class BrokenExportError(OSError):
    """An export that began and cannot be ended: its reader must see that it is not whole."""


class Exports:
    """All exports. Safe to use from several threads.

    Args:
        archive: The recordings.
        command: How an exporter is started.
    """

    def __init__(self, archive: Archive, command: Sequence[str] = EXPORTER) -> None:
        self._archive, self._command = archive, command
        self._lock = threading.Lock()
        self._exports: dict[str, Export] = {}
        self._checking = 0

    @property
    def running(self) -> int:
        """Processes that draw or look."""
        return self._checking + sum(export.process is not None for export in self._exports.values())

    def order(self, wish: ExportWish, by: str) -> Export:
        """An export that can be fetched: looked whether it can be had, then written down.

        Raises:
            AnswerError: There is nothing of that time, it cannot be had in one file, or there are too many.
            ReceiptError: It could not be written down: it is refused.
        """
        name = file_name(wish.camera, wish.from_s, wish.to_s, self._archive.facts().zone)
        with self._lock:
            self._require_room()
            self._checking += 1
        try:
            self._check(wish, name)
        finally:
            with self._lock:
                self._checking -= 1
        clock = self._archive.clock
        receipt = Receipt(kind=Act.EXPORTED, wall_s=clock.wall_s(), by=by, camera=wish.camera, from_s=wish.from_s, to_s=wish.to_s, why=name)
        self._archive.receipts.write(receipt)
        export = Export(wish, name, by, clock.monotonic_s())
        with self._lock:
            self._forget_old()
            self._exports[export.id] = export
        return export

    def find(self, export_id: str, by: str, name: str | None = None) -> Export:
        """An export of whoever asks. Raises AnswerError where there is none, or none any more."""
        with self._lock:
            export = self._exports.get(export_id)
        if export is None or export.by != by or name not in (None, export.name):
            raise AnswerError(404, "There is no such export, or it was left too long.", "Order it again.")
        return export

    def begin(self, export: Export) -> Iterator[bytes]:
        """The parts of the MP4, the first of which has been drawn. `finish` has to follow.

        Raises:
            AnswerError: It cannot be had, it is being fetched already, or too many are.
        """
        with self._lock:
            if export.process is not None:
                raise AnswerError(409, "This export is being fetched already.")
            self._require_room()
            try:
                export.process = self._started(export.wish, export.name, check_only=False)
            except OSError as error:
                raise AnswerError(503, "The export could not be begun.", "Come again in a minute.") from error
            export.state, export.done, export.sent_bytes, export.says = ExportState.RUNNING, 0.0, 0, ""
            export.moved_at_s = self._archive.clock.monotonic_s()
        parts = self._parts(export, export.process)
        try:
            first = next(parts)
        except (BrokenExportError, StopIteration) as error:
            self.finish(export)
            raise AnswerError(409, export.says or "The export could not be drawn.") from error
        return _with_first(first, parts)

    def finish(self, export: Export) -> None:
        """Lets go of what draws it, whether it is done or not."""
        with self._lock:
            process, export.process = export.process, None
            if export.state is ExportState.RUNNING:
                export.state, export.says = ExportState.FAILED, export.says or "It was not fetched to its end."
        if process is not None:
            process.kill()
            end(process)

    def forget(self, export_id: str, by: str) -> None:
        """Ends an export and forgets it. Raises AnswerError where there is none."""
        export = self.find(export_id, by)
        self.finish(export)
        with self._lock:
            self._exports.pop(export_id, None)

    def tick(self) -> None:
        """Ends what stands still and forgets what was left. To be called about once a second."""
        now_s = self._archive.clock.monotonic_s()
        with self._lock:
            stalled = [export for export in self._exports.values() if export.process is not None and now_s - export.moved_at_s > STALLED_S]
            left = [export.id for export in self._exports.values() if export.process is None and now_s - export.moved_at_s > KEEP_S]
            for export_id in left:
                del self._exports[export_id]
        for export in stalled:
            self.finish(export)

    def stop(self) -> None:
        """Ends all."""
        with self._lock:
            all_of_them = tuple(self._exports.values())
            self._exports.clear()
        for export in all_of_them:
            self.finish(export)

    def _parts(self, export: Export, process: subprocess.Popen[bytes]) -> Iterator[bytes]:
        """The parts as they are drawn. Raises BrokenExportError where they end too early."""
        while True:
            answer = _next_answer(process)
            export.moved_at_s = self._archive.clock.monotonic_s()
            if isinstance(answer, Part):
                export.done = answer.done
                if answer.data:
                    export.sent_bytes += len(answer.data)
                    yield answer.data
            elif isinstance(answer, Done):
                export.state, export.done = ExportState.DONE, 1.0
                return
            else:
                export.state = ExportState.FAILED
                export.says = answer.says if answer is not None else "The export could not be drawn to its end."
                raise BrokenExportError(export.says)

    def _check(self, wish: ExportWish, name: str) -> None:
        """Looks whether it can be had. Raises AnswerError."""
        try:
            process = self._started(wish, name, check_only=True)
        except OSError as error:
            raise AnswerError(503, "The recordings could not be looked at.", "Come again in a minute.") from error
        watchdog = threading.Timer(CHECK_WITHIN_S, process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            answer = _next_answer(process)
        finally:
            watchdog.cancel()
            end(process)
        if isinstance(answer, Refused):
            raise AnswerError(409, f"{answer.says[:1].upper()}{answer.says[1:]}.", answer.do)
        if not isinstance(answer, Done):
            raise AnswerError(503, "The recordings could not be looked at.", "Come again in a minute.")

    def _started(self, wish: ExportWish, name: str, *, check_only: bool) -> subprocess.Popen[bytes]:
        assumed_s = dict(self._archive.facts().retention_s)
        folder = str(self._archive.recordings)
        order = DrawExport(folder, wish.camera, wish.from_s, wish.to_s, wish.show.value, wish.caption, name, assumed_s, check_only)
        process = started(self._command)
        stdin = cast("BinaryIO", process.stdin)
        try:
            stdin.write(framed(msgspec.msgpack.encode(order)))
            stdin.flush()
        except OSError:
            process.kill()
            end(process)
            raise
        return process

    def _require_room(self) -> None:
        """Under the lock."""
        if self.running >= MOST_AT_ONCE:
            raise AnswerError(503, "Other exports are being drawn.", "Come again when one of them is done.")

    def _forget_old(self) -> None:
        """Under the lock. Those that were not fetched for longest go first."""
        idle = sorted((export for export in self._exports.values() if export.process is None), key=lambda export: export.moved_at_s)
        for export in idle[: max(0, len(self._exports) - MOST_EXPORTS + 1)]:
            del self._exports[export.id]


def _next_answer(process: subprocess.Popen[bytes]) -> ExporterAnswer | None:
    """What comes next; None = the process has ended, or talks nonsense."""
    try:
        data = read_framed(cast("BinaryIO", process.stdout))
        return None if data is None else msgspec.msgpack.decode(data, type=ExporterAnswer)
    except (OSError, ValueError, SceneError, msgspec.MsgspecError):
        return None


def _with_first(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
