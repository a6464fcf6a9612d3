"""The process that draws an export: one order in over standard input, the MP4 out over standard output, part by part. Nothing of it touches the disk.

in   framed MessagePack of DrawExport
out  framed MessagePack of Part, as often as needed, then Done or Refused
"""

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from passerby.clock import Clock, SystemClock
from passerby.errors import PasserbyError, UserError
from passerby.record.export import ExportOrder, check_export, export_stream
from passerby.record.kept_minutes import KeptMinutes
from passerby.released.framing import framed, read_framed
from passerby.released.show import Show
from passerby.serve.export_orders import Done, DrawExport, ExporterAnswer, Part, Refused

PART_BYTES: Final = 256 * 1024
NOBODY: Final = ""
"""Who exports was written down by whoever asks for it."""


class _Parts:
    """Gathers what is written to parts, and gives them out."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._data = bytearray()
        self.done = 0.0

    def write(self, data: bytes, /) -> int:
        self._data += data
        if len(self._data) >= PART_BYTES:
            self.flush()
        return len(data)

    def progress(self, done: float) -> None:
        """Tells how far it is; a reader who waits learns it with the next part."""
        if done - self.done >= 0.01:
            self.done = done
            self.flush()

    def flush(self) -> None:
        """Gives out what there is, and how far it is."""
        say(self._answers, Part(bytes(self._data), self.done))
        self._data.clear()


def export_for(order: DrawExport, answers: BinaryIO, clock: Clock) -> None:
    """Does what is ordered, and says how it ended."""
    wanted = ExportOrder(order.camera, order.from_s, order.to_s, NOBODY, Path(order.name), Show(order.show), order.caption)
    recordings = Path(order.recordings)
    may_show = KeptMinutes(recordings, clock, assumed_s=order.assumed_s).of(order.camera)
    parts = _Parts(answers)
    try:
        if order.check_only:
            check_export(recordings, wanted, may_show)
        else:
            export_stream(recordings, wanted, parts, parts.progress, may_show)
            parts.done = 1.0
            parts.flush()
    except UserError as error:
        say(answers, Refused(error.message, error.hint))
    except PasserbyError:
        say(answers, Refused("the recording is damaged in that time", "passerby recordings verify"))
    else:
        say(answers, Done())


def say(answers: BinaryIO, answer: ExporterAnswer) -> None:
    """Gives out an answer."""
    answers.write(framed(msgspec.msgpack.encode(answer)))
    answers.flush()


def main() -> None:
    """Runs as a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(BrokenPipeError, OSError), os.fdopen(os.dup(1), "wb") as answers:
        # Nothing but answers goes out, whatever a library prints.
        os.dup2(2, 1)
        data = read_framed(sys.stdin.buffer)
        if data is not None:
            export_for(msgspec.msgpack.decode(data, type=DrawExport), answers, SystemClock())


if __name__ == "__main__":
    main()
