"""A line between two ends of TCP that is slow, stands still, or breaks, as a test says."""

import contextlib
import queue
import socket
import threading
import time
from typing import Self


class Line:
    """Listens at a port and hands on to another one, one way after the other.

    Args:
        to: The port that it leads to.
        delay_s: How long each piece is on its way, in either direction.

    Attributes:
        port: Where it listens.
        most: Bytes that it hands on towards `to` in all, and then stands still; None = without end.
        connections: How often somebody connected.
        began: What each of them began with, the first piece that came.
    """

    def __init__(self, to: int, delay_s: float = 0.0) -> None:
        self._to, self._delay_s = to, delay_s
        self.most: int | None = None
        self.connections = 0
        self.began: list[bytes] = []
        self._handed_on = 0
        self._open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """Breaks every connection there is."""
        while self._open:
            one = self._open.pop()
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        self._server.close()
        self.cut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._server.accept()
                there = socket.create_connection(("127.0.0.1", self._to))
                self.connections += 1
                self._open += [here, there]
                self._carry(here, there, onwards=True)
                self._carry(there, here, onwards=False)

    def _carry(self, source: socket.socket, target: socket.socket, *, onwards: bool) -> None:
        pieces: queue.Queue[tuple[float, bytes]] = queue.Queue()

        def read() -> None:
            data, is_first = b"-", onwards
            while data:
                try:
                    data = source.recv(65536)
                except OSError:
                    data = b""
                if is_first:
                    self.began.append(data)
                    is_first = False
                pieces.put((time.monotonic() + self._delay_s, data))

        def write() -> None:
            data = b"-"
            while data:
                due_s, data = pieces.get()
                time.sleep(max(0.0, due_s - time.monotonic()))
                with contextlib.suppress(OSError):
                    if onwards:
                        self._hand_on(target, data)
                    else:
                        target.sendall(data)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)

        for work in (read, write):
            threading.Thread(target=work, daemon=True).start()

    def _hand_on(self, target: socket.socket, data: bytes) -> None:
        while data and target.fileno() >= 0:
            left = len(data) if self.most is None else max(0, self.most - self._handed_on)
            part, data = data[:left], data[left:]
            self._handed_on += len(part)
            target.sendall(part)
            if data:
                time.sleep(0.005)
