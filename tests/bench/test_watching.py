"""What the bench of watching makes of what it finds, and that its readers count right."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.watching import rows_of
from bench.watching_readers import CountingRelay, FeedReader, PictureReader, SlowReaders, asked

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


@contextmanager
def answering(*pieces: bytes, ends: bool = True) -> Iterator[str]:
    """A server that answers everybody with these pieces, one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        over = threading.Event()
        open_connections: list[socket.socket] = []

        def answer(connection: socket.socket) -> None:
            connection.settimeout(5)
            connection.recv(4096)
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.01)  # so that they come one after the other
            if ends:
                connection.close()

        def listen() -> None:
            while not over.is_set():
                try:
                    connection = listener.accept()[0]
                except TimeoutError:
                    continue
                open_connections.append(connection)
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join()
        for connection in open_connections:
            connection.close()


def until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_scenes_are_counted_by_place_however_the_bytes_are_cut() -> None:
    scene = b'event: scene\ndata: {"id": "a"}\n\n'
    with answering(HEAD + scene[:20], scene[20:] + b": still here\n\n", b'event: cameras\ndata: {"id": "x"}\n\n' + scene) as address:
        reader = FeedReader(address)
        until(lambda: reader.scenes.total() == 2)
        assert dict(reader.scenes) == {"a": 2}
        reader.close()


def test_pictures_are_counted_also_where_their_end_is_cut_in_two() -> None:
    with answering(HEAD + b"\xff\xd8 one \xff", b"\xd9\xff\xd8 two \xff\xd9", b"\xff\xd8 half") as address:
        reader = PictureReader(address, "/live/a.mjpg")
        until(lambda: reader.pictures == 2)
        reader.close()
        assert reader.pictures == 2


def test_what_goes_over_the_wire_is_counted_both_ways() -> None:
    with answering(HEAD + b"x" * 5000) as address:
        relay = CountingRelay(address)
        connection = asked(relay.address, "/")
        got = b""
        while piece := connection.recv(65536):
            got += piece
        connection.close()
        assert relay.down_bytes == len(got) == len(HEAD) + 5000
        assert relay.up_bytes > 10
        relay.close()


def test_slow_readers_that_are_sent_away_are_counted() -> None:
    with answering(HEAD) as ended, answering(HEAD, ends=False) as going_on:
        sent_away, served = SlowReaders(ended, "/", 3), SlowReaders(going_on, "/", 3)
        until(lambda: sent_away.count == 0 and served.answered == 3)
        assert served.count == 3
        assert sent_away.was_cut()
        assert not served.was_cut()
        for readers in (sent_away, served):
            readers.close()


def test_what_is_missed_is_marked() -> None:
    load = {"first": 900.0, "all": 1300.0, "paint": 300.0}
    watched = {"seconds": 60.0, "supervisor": 0.2, "drawing": 0.1, "workers": 0.8}
    found = {
        "paint": {"loads": [load, load | {"first": 2000.0}, load], "nobody_before": [load]},
        "cost": {"watched": watched, "unwatched": watched, "down_mbit_per_s": 0.5, "up_mbit_per_s": 0.1, "scenes_hz_a_place": 5.0},
        "elsewhere": {"all": 120, "elsewhere": []},
    }
    rows = {row[0]: row[2] for row in rows_of(found)}
    assert rows["first useful paint, median of 3 (worst)"] == "0.90 (2.00) s  "
    assert rows["live places on one page: supervisor + drawing, of one core"] == "30.0 % = 20.0 % + 10.0 % !"
    assert rows["over the wire, both ways"] == "0.60 Mbit/s  "
    assert rows["requests that leave the machine, of 120"] == "0  "


def test_a_reader_that_is_harmed_by_a_crowd_is_marked() -> None:
    crowd = {
        "readers": 200,
        "answered": 200,
        "served_to_the_end": 150,
        "never_reading_cut": False,
        "before": {"same": 5.0, "other": 5.0, "feed": 80.0},
        "during": {"same": 4.9, "other": 2.0, "feed": 79.0},
        "cpu_before": {"supervisor": 0.1, "drawing": 0.2},
        "cpu_during": {"supervisor": 0.2, "drawing": 0.2},
        "mb": {"before": 150.0, "begin": 160.0, "end": 190.0, "after": 150.0},
    }
    rows = {row[0]: row[2] for row in rows_of({"readers": crowd})}
    assert rows["pictures a second, same place: alone / with the crowd"] == "5.0 / 4.9  "
    assert rows["pictures a second, other place: alone / with the crowd"] == "5.0 / 2.0 !"
    assert rows["the one that never reads is sent away"] == "no !"
    assert rows["memory of supervisor and streams: before / with the crowd, first and last / after"] == "150 / 160 / 190 / 150 MB !"
