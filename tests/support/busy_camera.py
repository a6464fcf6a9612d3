"""Stands before an RTSP camera and says for it that it is busy: what cameras say that are still ending the session before."""

import re
import socket
import threading
from types import TracebackType
from typing import Final, Self

_BUSY: Final = b"RTSP/1.0 503 Service Unavailable\r\nCSeq: %s\r\n\r\n"
_WAIT_S: Final = 30.0
_READ_BYTES: Final = 65536


class BusyCamera:
    """Relays connections on the loopback interface to a camera, but answers those that are named with 503. Use it as a context.

    Args:
        port: The camera's.
        busy: The numbers of those connections, from 0, that are refused. One over which nothing is asked does not count.
    """

    def __init__(self, port: int, busy: set[int]) -> None:
        self._camera = port
        self._busy = busy
        self.asked = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(_WAIT_S)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            if not (request := connection.recv(_READ_BYTES)):
                return
            number, self.asked = self.asked, self.asked + 1
            if number in self._busy:
                found = re.search(rb"CSeq: (\d+)", request)
                assert found is not None
                connection.sendall(_BUSY % found[1])
                connection.recv(_READ_BYTES)
                return
            with socket.create_connection(("127.0.0.1", self._camera), timeout=_WAIT_S) as camera:
                camera.sendall(request)
                back = threading.Thread(target=_pass_on, args=(camera, connection), daemon=True)
                back.start()
                _pass_on(connection, camera)
                back.join(_WAIT_S)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(_READ_BYTES):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
