"""A process of ours that is asked and answers, and what becomes of it when it hangs, dies, or is to end while it is being started."""

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from passerby.supervise import asked_process
from passerby.supervise.asked_process import AskedProcess

ECHO = """
import sys
from passerby.released.framing import framed, read_framed
while (data := read_framed(sys.stdin.buffer)) is not None:
    if data == b"die":
        sys.exit(1)
    if data != b"hello":
        sys.stdout.buffer.write(framed(data[::-1]))
        sys.stdout.buffer.flush()
"""
HANGS = "import sys, time\nsys.stdin.buffer.read(1)\ntime.sleep(600)"


def process(code: str = ECHO, longest_s: float = 30.0) -> AskedProcess:
    return AskedProcess((sys.executable, "-c", code), longest_s, b"hello")


def test_it_answers_one_after_another_and_another_is_started_after_it_died() -> None:
    asked = process()
    try:
        assert asked.exchange(b"abc") == b"cba"
        first = asked.pid
        assert asked.exchange(b"de") == b"ed"
        assert asked.pid == first
        assert asked.exchange(b"die") is None
        assert asked.pid is None
        assert asked.exchange(b"abc") == b"cba"
        asked.release()
        assert asked.pid is None
        assert asked.exchange(b"abc") == b"cba"
    finally:
        asked.stop()
    assert asked.exchange(b"abc") is None
    assert asked.pid is None


def test_one_that_hangs_is_ended_and_one_that_cannot_be_started_gives_no_answer(tmp_path: Path) -> None:
    assert process(HANGS, 0.2).exchange(b"abc") is None
    assert AskedProcess((str(tmp_path / "none"),), 1.0).exchange(b"abc") is None


@pytest.mark.parametrize("how", ["interrupt", "stop"])
def test_who_asks_it_to_end_while_it_is_being_started_does_not_wait_for_its_answer(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    starting, go_on = threading.Event(), threading.Event()
    begin = asked_process.started

    def slowly(command: Sequence[str]) -> object:
        starting.set()
        assert go_on.wait(30)
        return begin(command)

    monkeypatch.setattr(asked_process, "started", slowly)
    asked, answers = process(HANGS, 600.0), list[bytes | None]()
    asking = threading.Thread(target=lambda: answers.append(asked.exchange(b"abc")))
    asking.start()
    assert starting.wait(30)
    ending = threading.Thread(target=getattr(asked, how))
    ending.start()
    while not asked._interrupts:
        time.sleep(0.01)
    go_on.set()
    asking.join(60)
    ending.join(60)
    assert answers == [None]
    assert asked.pid is None
