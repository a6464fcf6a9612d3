"""`passerby redact` in a process of its own that stops at a chosen point and waits, so that a test can send it a signal just then.

Started as `python -m tests.support.stalling_redact STAGE SHARE ARGUMENT...`. When the stage has come so far, it prints a line and waits
until its standard input is closed. The detector is a stand-in. Signals behave as in a shell's foreground job, whatever the test was started
from; with PASSERBY_TEST_NOHUP set, SIGHUP is ignored as nohup does it.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from passerby import cli
from passerby.redact import command, detection
from tests.support.redaction import stub


def main() -> None:
    """Redacts, and leaves with the exit code of the command line."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN if os.environ.get("PASSERBY_TEST_NOHUP") else signal.SIG_DFL)
    stage, share = sys.argv[1], float(sys.argv[2])
    waited: list[bool] = []

    def stall(said: str, done: float) -> None:
        if not waited and said == stage and done >= share:
            waited.append(True)
            sys.stdout.write(f"{said} {done}\n")
            sys.stdout.flush()
            os.read(0, 1)

    @contextmanager
    def stalling(_console: object, _name: str) -> Iterator[Callable[[str, float], None]]:
        yield stall

    command._progress = stalling  # type: ignore[assignment]
    detection.load_detector = lambda *_: stub()
    sys.argv = ["passerby", "redact", *sys.argv[3:]]
    cli.main()


if __name__ == "__main__":
    main()
