"""Streams that are sent to RTSP servers all the time, as the site file says: each by a process of its own, begun anew where it ends or hangs."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import BinaryIO, Final, cast

import msgspec

from passerby.clock import Clock
from passerby.errors import SceneError
from passerby.released.framing import length_of, read_framed
from passerby.serve.pusher_orders import Said, Target
from passerby.serve.streams import CameraStream, Streams
from passerby.supervise.asked_process import END_WITHIN_S, end, started
from passerby.supervise.journal import Journal

PUSHER: Final = (sys.executable, "-I", "-m", "passerby.serve.pusher")
TICK_S: Final = 1.0
TAKES_WITHIN_S: Final = 10.0
"""A server that takes nothing for so long is given up."""
BEGINS_WITHIN_S: Final = 20.0
FIRST_REST_S: Final = 1.0
LONGEST_REST_S: Final = 30.0
LIVED_S: Final = 30.0
TELL_EVERY_S: Final = 60.0
"""Why it is not sent is told no more often than this, if it is the same."""


class Push:
    """Sends the stream of one camera.

    Args:
        camera: Its id.
        address: Where to, with user and password.
        streams: Where the stream comes from.
        clock: Time.
        journal: Is told when it begins and why it ends, never the address.
        command: How a pusher is started.

    Attributes:
        begun: How often a server took the stream.
    """

    def __init__(self, camera: str, address: str, streams: Streams, clock: Clock, journal: Journal, command: Sequence[str] = PUSHER) -> None:
        self.camera, self.address = camera, address
        self.begun = 0
        self._streams, self._clock, self._journal, self._command = streams, clock, journal, command
        self._ending, self._rung = threading.Event(), threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._sent_s = 0.0
        self._is_begun = False
        self._told: tuple[str, float] = ("", 0.0)
        self._thread = threading.Thread(target=self._run, name=f"push {camera}", daemon=True)

    def __repr__(self) -> str:
        return f"Push({self.camera!r}, ***)"

    @property
    def pid(self) -> int | None:
        """The process, if one runs."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Starts it; returns at once."""
        self._thread.start()

    def look(self) -> None:
        """Ends a process that does not get on; to be called about once a second."""
        process = self._process
        if process is not None and self._clock.monotonic_s() - self._sent_s > (TAKES_WITHIN_S if self._is_begun else BEGINS_WITHIN_S):
            process.kill()

    def stop(self) -> None:
        """Ends it."""
        self._ending.set()
        self._rung.set()
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.terminate()
        if self._thread.ident is not None:
            self._thread.join(2 * END_WITHIN_S)

    def _run(self) -> None:
        failures = 0
        while not self._ending.is_set():
            begun_s = self._clock.monotonic_s()
            try:
                stream = self._streams.asked(self.camera, "video")
            except KeyError:
                stream = None
            if stream is None:  # the size of its pictures is not known yet
                self._ending.wait(FIRST_REST_S)
                continue
            with self._streams.reading(stream, "video"):
                goes_on = self._live(stream)
            if goes_on:
                continue
            failures = 0 if self._clock.monotonic_s() - begun_s > LIVED_S else min(failures + 1, 16)
            self._ending.wait(min(LONGEST_REST_S, FIRST_REST_S * 2 ** max(0, failures - 1)))

    def _live(self, stream: CameraStream) -> bool:
        """The life of one process; whether it ended since the stream did, or since its pictures have another size."""
        self._sent_s, self._is_begun = self._clock.monotonic_s(), False
        try:
            process = started(self._command)
        except OSError:
            return False
        self._process = process
        reader = threading.Thread(target=self._hear, args=(process,), name=f"push {self.camera} says", daemon=True)
        reader.start()
        stream.bell.add(self._rung)
        try:
            return self._feed(process, stream)
        except OSError:
            return False  # it ended
        finally:
            stream.bell.remove(self._rung)
            self._process = None
            end(process, hears=True)
            reader.join()
            if process.stdout is not None:
                process.stdout.close()

    def _feed(self, process: subprocess.Popen[bytes], stream: CameraStream) -> bool:
        _send(process, msgspec.msgpack.encode(Target(self.address)))
        position: int | None = None
        shape = stream.shape
        while not self._ending.is_set() and process.poll() is None:
            if stream.ended or stream.shape != shape:
                if shape:
                    return True
                shape = stream.shape
            self._rung.clear()
            reading = stream.read(position)
            position = reading.position
            if reading.data:
                _send(process, reading.data)
                self._sent_s = self._clock.monotonic_s()
            else:
                self._rung.wait(1.0)
        return False

    def _hear(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(OSError, SceneError, ValueError, msgspec.MsgspecError):
            while (data := read_framed(cast("BinaryIO", process.stdout))) is not None:
                why = msgspec.msgpack.decode(data, type=Said).why
                if not why:
                    self._is_begun = True
                    self.begun += 1
                self._tell(why)
        self._rung.set()

    def _tell(self, why: str) -> None:
        told, told_s = self._told
        now_s = self._clock.monotonic_s()
        if why != told or now_s - told_s > TELL_EVERY_S or self.begun == 1:
            self._told = why, now_s
            if why:
                self._journal.warning("stream not sent; it is tried again", camera=self.camera, why=why)
            else:
                self._journal.info("stream sent", camera=self.camera)


class Pushes:
    """All of them. Safe to use from several threads.

    Args:
        streams: Where the streams come from.
        clock: Time.
        journal: Is told what happens.
        command: How a pusher is started.
    """

    def __init__(self, streams: Streams, clock: Clock, journal: Journal, command: Sequence[str] = PUSHER) -> None:
        self._streams, self._clock, self._journal, self._command = streams, clock, journal, command
        self._lock = threading.Lock()
        self._pushes: dict[str, Push] = {}
        self._ended = threading.Event()
        self._watch: threading.Thread | None = None

    @property
    def pushed(self) -> tuple[Push, ...]:
        """Those that there are."""
        with self._lock:
            return tuple(self._pushes.values())

    def follow(self, addresses: Mapping[str, str]) -> None:
        """Sends these from now on, and no others; what stays the same is not touched.

        Args:
            addresses: Where to, by camera.
        """
        with self._lock:
            gone = [push for camera, push in self._pushes.items() if addresses.get(camera) != push.address]
            for push in gone:
                del self._pushes[push.camera]
            new = [camera for camera in addresses if camera not in self._pushes]
            for camera in new:
                self._pushes[camera] = Push(camera, addresses[camera], self._streams, self._clock, self._journal, self._command)
                self._pushes[camera].start()
            if new and self._watch is None:
                self._watch = threading.Thread(target=self._look_on, name="pushes", daemon=True)
                self._watch.start()
        for push in gone:
            push.stop()

    def stop(self) -> None:
        """Ends all, for good."""
        self._ended.set()
        self.follow({})

    def _look_on(self) -> None:
        """Ends what hangs."""
        while not self._ended.wait(TICK_S):
            for push in self.pushed:
                push.look()


def _send(process: subprocess.Popen[bytes], data: bytes) -> None:
    if process.stdin is not None:
        process.stdin.write(length_of(data) + data)
        process.stdin.flush()
