"""Who watches besides a browser: a reader of the feed, a reader of a stream of pictures, hundreds that are slow, one that never reads. Also a relay
that counts what goes over the wire."""

import json
import selectors
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

CONNECT_WITHIN_S: Final = 10.0
PIECE_BYTES: Final = 65536
SLOW_PIECE_BYTES: Final = 512
SLOW_EVERY_S: Final = 0.5
SMALL_BUFFER_BYTES: Final = 4096
CUT_WITHIN_S: Final = 0.3
"""Less than between two pictures would do for who is still served."""
MOST_LEFT_BYTES: Final = 64_000_000
JPEG_END: Final = b"\xff\xd9"


def asked(address: str, path: str, buffer_bytes: int = 0) -> socket.socket:
    """A connection that has asked for a path."""
    parts = urlsplit(address)
    connection = socket.socket()
    if buffer_bytes:  # before it connects, or the window is larger
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    connection.settimeout(CONNECT_WITHIN_S)
    connection.connect((parts.hostname or "127.0.0.1", parts.port or 80))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\n\r\n".encode())
    return connection


class _Reader:
    """Reads one answer on a thread of its own until it is closed. Counts its bytes."""

    def __init__(self, address: str, path: str) -> None:
        self.bytes = 0
        self._connection = asked(address, path)
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._connection.close()

    def take(self, piece: bytes) -> None:
        raise NotImplementedError

    def _run(self) -> None:
        while not self._closed:
            with suppress(TimeoutError):
                try:
                    piece = self._connection.recv(PIECE_BYTES)
                except TimeoutError:
                    raise
                except OSError:
                    return
                if not piece:
                    return
                self.bytes += len(piece)
                self.take(piece)


class FeedReader(_Reader):
    """Reads /api/live.

    Attributes:
        scenes: How many came of each place.
    """

    def __init__(self, address: str, path: str = "/api/live") -> None:
        self.scenes: Counter[str] = Counter()
        self._rest, self._event = b"", b""
        super().__init__(address, path)

    def take(self, piece: bytes) -> None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            name, _, value = line.strip().partition(b":")
            if name == b"event":
                self._event = value.strip()
            if name == b"data" and self._event == b"scene":
                with suppress(ValueError):
                    self.scenes[str(json.loads(value)["id"])] += 1


class PictureReader(_Reader):
    """Reads a stream of JPEGs.

    Attributes:
        pictures: How many ended.
    """

    def __init__(self, address: str, path: str) -> None:
        self.pictures, self._last = 0, b""
        super().__init__(address, path)

    def take(self, piece: bytes) -> None:
        self.pictures += (self._last + piece).count(JPEG_END)
        self._last = piece[-1:] if piece[-1:] == JPEG_END[:1] else b""


class SlowReaders:
    """Readers that take a kilobyte a second each, and one that takes nothing. A context.

    Attributes:
        answered: How many were given a stream.
    """

    def __init__(self, address: str, path: str, count: int) -> None:
        self.answered = 0
        self._selector = selectors.DefaultSelector()
        self._slow = [asked(address, path, SMALL_BUFFER_BYTES) for _ in range(count)]
        self._never = asked(address, path, SMALL_BUFFER_BYTES)
        self._heads: set[socket.socket] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        for connection in self._slow:
            connection.setblocking(False)
        self._thread.start()

    @property
    def count(self) -> int:
        """How many are still served."""
        return len(self._slow)

    def was_cut(self) -> bool:
        """Whether the one that took nothing was sent away. It takes what lies there now, so ask once, at the end."""
        self._never.settimeout(CUT_WITHIN_S)
        try:
            for _ in range(MOST_LEFT_BYTES // PIECE_BYTES):
                if not self._never.recv(PIECE_BYTES):
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        for connection in (*self._slow, self._never):
            connection.close()

    def _run(self) -> None:
        while not self._ended.wait(SLOW_EVERY_S):
            for connection in tuple(self._slow):
                self._read(connection)

    def _read(self, connection: socket.socket) -> None:
        try:
            piece = connection.recv(SLOW_PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if connection not in self._heads:
            self._heads.add(connection)
            self.answered += piece.startswith(b"HTTP/1.1 200")
        if not piece:
            self._slow.remove(connection)
            connection.close()


class CountingRelay:
    """Passes on what goes between a browser and a server, and counts the bytes, heads and all.

    Attributes:
        address: Where it listens.
        down_bytes: From the server.
        up_bytes: To the server.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._target = parts.hostname or "127.0.0.1", parts.port or 80
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.down_bytes = self.up_bytes = 0
        self._closed = False
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target, CONNECT_WITHIN_S)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, is_up: bool) -> None:  # noqa: FBT001 - which way
        with suppress(OSError):
            while piece := one.recv(PIECE_BYTES):
                if is_up:
                    self.up_bytes += len(piece)
                else:
                    self.down_bytes += len(piece)
                other.sendall(piece)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def rates(readers: dict[str, PictureReader], feed: FeedReader, seconds: float) -> dict[str, float]:
    """What readers get a second: pictures, by name; "feed": scenes of all places."""
    before = {name: reader.pictures for name, reader in readers.items()}
    scenes, begun_s = feed.scenes.total(), time.monotonic()
    time.sleep(seconds)
    passed_s = time.monotonic() - begun_s
    found = {name: (reader.pictures - before[name]) / passed_s for name, reader in readers.items()}
    return {**found, "feed": (feed.scenes.total() - scenes) / passed_s}
