"""Streams of the cameras: one encoder for each camera that somebody streams, however many read, and none where nobody does.

Readers read from what was given of late (`outlet`, `hls`): a slow one goes on at the newest key frame, and none holds up another.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from passerby.clock import Clock
from passerby.released.scene import Size
from passerby.serve.bell import Bell
from passerby.serve.hls import HlsWindow
from passerby.serve.outlet import Outlet, Reading
from passerby.serve.streamer_orders import (
    RATE_HZ,
    SEGMENT_PICTURES,
    Answer,
    Begin,
    InitSegment,
    Jpeg,
    MediaSegment,
    PlateLost,
    TransportChunk,
    Voided,
    Want,
)
from passerby.serve.streamer_process import STREAMER, StreamerProcess
from passerby.supervise.live_places import LivePlaces

KEEP_S: Final = 10.0
"""So long after the last reader, a camera's streamer ends. A player that reads HLS asks more often."""
MOST_BEHIND_S: Final = 6.0
"""What is older than that is given to nobody who begins to read: a streamer that hangs is found and replaced sooner."""
MOST_READERS: Final = 216
"""Of all streams together, of the connections that the server takes: pages and requests need some, too."""
MOST_CAUGHT_UP: Final = 60 * RATE_HZ
NO_CAMERA: Final = -1
"""Follows no orders."""


class CameraStream:
    """The stream of one camera. Safe to use from several threads.

    What follows orders that were changed since (a part of the picture shall not be seen any more, say) is void at once: whoever asks gets none
    of it, and what the streamer gives is left out until it says that it shows nothing of before (`Voided`).

    Args:
        camera: Its id.
        size: Of its pictures, as far as it is known.
        origin_s: When picture 0 was shown, by the clock's monotonic time.
        origin_wall_s: The same as wall time.
        clock: Time.
        orders: Which orders the camera's scenes follow now, as `LivePlaces.orders`. Raises KeyError where the camera is not known any more.

    Attributes:
        outlet: The newest pictures as MPEG-TS.
        hls: The newest segments of HLS.
        bell: Rings when something is new, and about once a second.
        shape: What a player must know of the video; it differs where the size of the pictures does.
        ended: Whether nothing comes any more.
    """

    def __init__(self, camera: str, size: Size, origin_s: float, origin_wall_s: float, clock: Clock, orders: Callable[[], int]) -> None:
        self.camera = camera
        self.size = size
        self.outlet, self.hls, self.bell = Outlet(), HlsWindow(origin_wall_s), Bell()
        self._jpeg: Jpeg | None = None
        self.shape = b""
        self.ended = False
        self.process: StreamerProcess | None = None
        self._origin_s, self._clock = origin_s, clock
        self._readers = {"video": 0, "jpeg": 0}
        self._read_at_s = {"video": float("-inf"), "jpeg": float("-inf")}
        self._lock = threading.Lock()
        self._orders_now = orders
        self._orders = self._given_orders = NO_CAMERA
        """Those that were seen last, and those that the streamer follows."""
        self.look_at_orders()

    @property
    def jpeg(self) -> Jpeg | None:
        """The newest JPEG; None = there is none, or it is too old to pass for what is seen now."""
        self.look_at_orders()
        jpeg = self._jpeg
        return None if jpeg is None or self._is_behind(jpeg.number) else jpeg

    @property
    def playlist(self) -> str | None:
        """The playlist of HLS; None = there is none, or it is too old to pass for live."""
        self.look_at_orders()
        goes_on = self.hls.next_picture
        return None if goes_on is None or self._is_behind(goes_on) else self.hls.playlist()

    def file(self, name: str) -> bytes | None:
        """As `HlsWindow.file`."""
        self.look_at_orders()
        return self.hls.file(name)

    def read(self, position: int | None) -> Reading:
        """As `Outlet.read`."""
        self.look_at_orders()
        return self.outlet.read(position)

    def look_at_orders(self) -> None:
        """Lets go of all pictures where the orders were changed since the last look."""
        with self._lock:
            is_changed = self._is_changed()
        if is_changed and self.process is not None:
            self.process.wake()

    @property
    def readers(self) -> int:
        """How many connections read, without those of HLS."""
        return sum(self._readers.values())

    def wants(self, kind: str) -> bool:
        """Whether somebody reads video, or JPEGs, or did a moment ago."""
        return self._readers[kind] > 0 or self._clock.monotonic_s() - self._read_at_s[kind] <= KEEP_S

    def touch(self, kind: str) -> None:
        """Somebody asked for video, or JPEGs."""
        self._read_at_s[kind] = self._clock.monotonic_s()

    def add(self, kind: str, count: int) -> None:
        """One reader more, or less."""
        self.touch(kind)
        self._readers[kind] += count

    def begin(self, want: Want, stale_s: float) -> Begin:
        """What a process that starts now is told: it goes on where the one before ended, so that the stream's time has no gap."""
        now = int((self._clock.monotonic_s() - self._origin_s) * RATE_HZ)
        first = now - now % SEGMENT_PICTURES
        with self._lock:
            self._is_changed()
            self._given_orders = self._orders  # it has shown nothing yet
        goes_on = self.hls.next_picture
        if goes_on is not None and 0 <= now - goes_on < MOST_CAUGHT_UP:
            first = goes_on
        return Begin(self._origin_s, first, self.outlet.newest + 1, stale_s, self.size, want)

    def hear(self, answer: Answer) -> None:
        """Takes in what the process gives."""
        with self._lock:
            self._is_changed()
            self._take(answer)
        self.bell.ring()

    def _is_changed(self) -> bool:
        """Whether the orders were changed: then nothing of before is kept. Under the lock."""
        try:
            orders = self._orders_now()
        except KeyError:
            orders = NO_CAMERA
        if orders == self._orders:
            return False
        self._orders, self._jpeg = orders, None
        self.hls.void()
        self.outlet.clear()
        return True

    def _take(self, answer: Answer) -> None:
        """Keeps what the process gives, where it follows the orders of now. Under the lock."""
        match answer:
            case Voided():
                self._given_orders = answer.orders
            case InitSegment():
                # It comes once only, and shows nothing.
                self.shape = answer.data
                self.hls.begin(answer.data)
            case _ if self._given_orders != self._orders:
                pass
            case TransportChunk():
                self.outlet.put(answer.number, answer.data, key=answer.key)
            case MediaSegment():
                self.hls.put(answer.first, answer.data)
            case Jpeg():
                self._jpeg = answer
            case PlateLost():
                pass

    def look(self) -> None:
        """Lets go of what is void, or too old for who begins to read; to be called about once a second."""
        self.look_at_orders()
        if not self.wants("video"):
            self.hls.clear()
        if not self.wants("video") or self._is_behind(self.outlet.newest):
            self.outlet.clear()
        if self.process is not None:
            self.process.look()
        self.bell.ring()

    def behind_s(self, number: int) -> float:
        """For how long a picture of that number has been due."""
        return self._clock.monotonic_s() - self._origin_s - number / RATE_HZ

    def _is_behind(self, number: int) -> bool:
        return self.behind_s(number) > MOST_BEHIND_S


class Streams:
    """All streams of a site. Safe to use from several threads.

    Args:
        places: Where scenes come in.
        stale_s: After how long a camera's scene does not show how the place is now.
        clock: Time.
        command: How a streamer is started.
    """

    def __init__(self, places: LivePlaces, stale_s: Callable[[str], float], clock: Clock, command: Sequence[str] = STREAMER) -> None:
        self._places, self._stale_s, self._clock, self._command = places, stale_s, clock, command
        self._origin_s, self._origin_wall_s = clock.monotonic_s(), clock.wall_s()
        self._lock = threading.Lock()
        self._streams: dict[str, CameraStream] = {}
        self._stopped = False

    @property
    def streamed(self) -> tuple[str, ...]:
        """Ids of the cameras that somebody streams."""
        with self._lock:
            return tuple(self._streams)

    @property
    def readers(self) -> int:
        """How many connections read."""
        with self._lock:
            return sum(stream.readers for stream in self._streams.values())

    def pid(self, camera: str) -> int | None:
        """The streamer of a camera, if one runs."""
        with self._lock:
            stream = self._streams.get(camera)
        return None if stream is None or stream.process is None else stream.process.pid

    def asked(self, camera: str, kind: str) -> CameraStream | None:
        """The stream of a camera that somebody asks for, begun where there is none; None = the size of its pictures is not known yet.

        Raises KeyError for an unknown camera.
        """
        size = self._size(camera)
        with self._lock:
            stream = self._streams.get(camera)
            if stream is None:
                if size is None or self._stopped:
                    return None
                stream = self._streams[camera] = self._begun(camera, size)
            elif size is not None:
                stream.size = size
            stream.touch(kind)
            stream.look_at_orders()
            _tell(stream)
        return stream

    @contextlib.contextmanager
    def reading(self, stream: CameraStream, kind: str) -> Iterator[None]:
        """A connection reads."""
        with self._lock:
            stream.add(kind, 1)
            _tell(stream)
        try:
            yield
        finally:
            with self._lock:
                stream.add(kind, -1)

    def tick(self) -> None:
        """Ends what nobody reads, and what hangs. To be called about once a second."""
        ended: list[CameraStream] = []
        known = set(self._places.cameras)
        with self._lock:
            for camera, stream in list(self._streams.items()):
                gone = camera not in known or (stream.process is not None and stream.process.gone)
                if gone or not (stream.wants("video") or stream.wants("jpeg")):
                    ended.append(self._streams.pop(camera))
                    continue
                _tell(stream)
            running = tuple(self._streams.values())
        for stream in running:
            stream.look()
        for stream in ended:
            _end(stream)

    def stop(self) -> None:
        """Ends everything."""
        with self._lock:
            self._stopped = True
            streams = tuple(self._streams.values())
            self._streams.clear()
        for stream in streams:
            stream.ended = True
            stream.bell.ring()
        for stream in streams:
            _end(stream)

    def _begun(self, camera: str, size: Size) -> CameraStream:
        stream = CameraStream(camera, size, self._origin_s, self._origin_wall_s, self._clock, lambda: self._places.orders(camera))
        process: StreamerProcess

        def begin(want: Want) -> Begin:
            return stream.begin(want, self._stale_s(camera))

        watcher = self._places.watcher(lambda _camera: process.wake())
        process = StreamerProcess(camera, watcher, begin, stream.hear, self._clock, self._command)
        stream.process = process
        process.start()
        return stream

    def _size(self, camera: str) -> Size | None:
        """Of the camera's pictures; None = not known yet."""
        place = self._places.now(camera)
        if place.scene is not None:
            return place.scene.scene.size
        if place.health is not None and place.health.width_px > 0 and place.health.height_px > 0:
            return Size(place.health.width_px, place.health.height_px)
        return None


def _tell(stream: CameraStream) -> None:
    if stream.process is not None:
        stream.process.want(video=stream.wants("video"), jpeg=stream.wants("jpeg"))


def _end(stream: CameraStream) -> None:
    stream.ended = True
    stream.bell.ring()
    if stream.process is not None:
        stream.process.stop()
