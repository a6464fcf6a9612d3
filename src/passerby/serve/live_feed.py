"""What browsers are told of the places as it happens: the newest scene of each as vectors, how the cameras are, and which place is not seen now.

One task looks at the site some times a second while somebody reads, and encodes what is new once for all readers. A reader keeps nothing but the
numbers of what it sent: whoever is slow gets the newest of each place when it is ready for it, and nothing piles up for it (text/event-stream,
https://html.spec.whatwg.org/multipage/server-sent-events.html).

    event: scene     data: {"id": "gate-2", "ground": "17.9f3c01aa-5-0-3", "t": 1795434960.25, ...}
                                at most five a second and place, when something in it changed; once a second where nothing did
    event: gone      data: {"id": "gate-2"}
                                its newest scene is too old to be shown, or there is no such camera any more
    event: cameras   data: as /api/cameras
                                at the start, when it changes in what people see, every 10 s
    : a comment                 when nothing else was sent for 5 s

`w`, `h`, `level`, `block`, `shown` and `cell` are left out of a scene where the last scene of that place on that connection had the same.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import anyio.to_thread
import msgspec
from msgspec import UNSET, UnsetType

from passerby.clock import Clock
from passerby.released.messages import SceneMessage
from passerby.serve.answers import cameras_answer
from passerby.serve.vector_scene import LevelName, StateName, VectorCell, VectorGlyph, VectorScene, vector_scene
from passerby.supervise.site_now import CameraNow, SiteNow

TICK_S: Final = 0.1
SCENE_EVERY_S: Final = 0.18
"""Between two scenes of a place: five a second, with some room for scenes that do not come quite evenly."""
AGAIN_S: Final = 1.0
"""A scene that says what the last one said is sent so often all the same: silence would mean that the place is not seen."""
CAMERAS_SOONEST_S: Final = 0.5
CAMERAS_CALMLY_S: Final = 2.0
"""Between two answers about the cameras, where no camera is in another condition."""
CAMERAS_EVERY_S: Final = 10.0
KEEP_ALIVE_S: Final = 5.0
KEEP_ALIVE: Final = b": here\n\n"
GONE: Final = (0, 0)
"""Number and frame of the event that says that a camera is no more."""


class SceneEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A scene as it is sent: a `VectorScene` with the place's id and the name of its ground, and without what the reader knows already.

    Attributes:
        id: Id of the camera.
        ground: Name of the newest ground image; None = there is none that belongs to this scene: everything is hatched.
    """

    id: str
    ground: str | None
    t: float
    w: int | UnsetType = UNSET
    h: int | UnsetType = UNSET
    level: LevelName | UnsetType = UNSET
    epoch: int
    block: int | UnsetType = UNSET
    shown: bytes | UnsetType = UNSET
    g: tuple[VectorGlyph, ...]
    cell: int | UnsetType = UNSET
    c: tuple[VectorCell, ...]
    state: StateName
    withheld: float


class GoneEvent(msgspec.Struct, frozen=True):
    """A place that is not seen now."""

    id: str


class FeedSite(Protocol):
    """A site that can be asked how it is."""

    def now(self) -> SiteNow:
        """How everything is; at once."""
        ...


class FeedGrounds(Protocol):
    """Ground images, as `grounds.Grounds` gives them."""

    def want(self, cameras: Iterable[str]) -> None:
        """Says whose grounds are wanted."""
        ...

    def look(self) -> None:
        """Draws those that are due."""
        ...

    def name(self, camera: str, message: SceneMessage) -> str | None:
        """Name of the newest ground that belongs below a scene."""
        ...


@dataclass(frozen=True, slots=True)
class _News:
    """The newest that is told of one place.

    Attributes:
        number: Another one with each event.
        frame: Another one whenever what `short` leaves out is another; 0 = the place is not seen.
        short: The event without what seldom changes.
        full: The event with it.
        scene: What it says; None = the place is not seen.
        ground: Name of the ground image.
        message: The scene that it is of.
        at_s: When it was made.
    """

    number: int
    frame: int
    short: bytes
    full: bytes
    scene: VectorScene | None
    ground: str | None
    message: SceneMessage | None
    at_s: float


class LiveFeed:
    """The places of a site, for all who read. All of it runs in one event loop; only grounds are drawn beside it.

    Args:
        site: The site.
        grounds: Ground images of its places.
        clock: Monotonic time.
    """

    def __init__(self, site: FeedSite, grounds: FeedGrounds, clock: Clock) -> None:
        self._site, self._grounds, self.clock = site, grounds, clock
        self._news: dict[str, _News] = {}
        self._cameras: tuple[int, bytes] = (0, b"")
        self._seen: tuple[object, object] = (None, None)
        self._cameras_at_s = float("-inf")
        self._number = 0
        self._readers: set[FeedReader] = set()
        self._running: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._ticked = asyncio.Event()

    @property
    def readers(self) -> int:
        """How many read."""
        return len(self._readers)

    def open(self, cameras: Iterable[str] | None) -> "FeedReader":
        """A new reader, which has to be closed. To be called in the event loop.

        Args:
            cameras: Ids of the cameras that it wants scenes of; None = all.
        """
        reader = FeedReader(self, None if cameras is None else frozenset(cameras))
        self._readers.add(reader)
        self.look()
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run())
        return reader

    def close(self, reader: "FeedReader") -> None:
        """The reader has gone."""
        self._readers.discard(reader)

    async def next(self) -> bool:
        """Waits for the next look; False = nobody looks any more, for something went wrong."""
        if self._running is None:
            return False
        await self._ticked.wait()
        return self._running is not None

    def look(self) -> None:
        """Looks at the site and encodes what is new."""
        now, now_s = self._site.now(), self.clock.monotonic_s()
        wanted = self._wanted()
        told = [camera for camera in now.cameras if wanted is None or camera.id in wanted]
        for gone in self._news.keys() - {camera.id for camera in told}:
            del self._news[gone]
        for camera in told:
            self._tell_place(camera, now_s)
        self._tell_cameras(now, now_s)

    def news_of(self, camera: str) -> "_News | None":
        """The newest of one place; None = there is none of that id, or nobody wants it."""
        return self._news.get(camera)

    @property
    def told(self) -> tuple[str, ...]:
        """Ids of the places of which something is told, in the order of the site."""
        return tuple(self._news)

    @property
    def cameras(self) -> tuple[int, bytes]:
        """The newest event about all cameras, and its number."""
        return self._cameras

    async def _run(self) -> None:
        try:
            while self._readers:
                self._draw_grounds()
                await asyncio.sleep(TICK_S)
                self.look()
                self._wake()
        finally:
            self._running = None
            self._wake()

    def _wake(self) -> None:
        self._ticked.set()
        self._ticked = asyncio.Event()

    def _draw_grounds(self) -> None:
        """Has the grounds drawn that are due, beside the loop: a painter that hangs holds up no scene."""
        self._grounds.want(camera for camera, news in self._news.items() if news.scene is not None)
        if self._looking is None or self._looking.done():
            if self._looking is not None:
                self._looking.result()
            self._looking = asyncio.get_running_loop().create_task(anyio.to_thread.run_sync(self._grounds.look))

    def _wanted(self) -> frozenset[str] | None:
        """Cameras that somebody wants; None = all."""
        wanted: frozenset[str] = frozenset()
        for reader in self._readers:
            if reader.cameras is None:
                return None
            wanted |= reader.cameras
        return wanted

    def _tell_place(self, camera: CameraNow, now_s: float) -> None:
        """Encodes what is new of a place. A scene that is too old is never told, also not once more because its ground is new."""
        before, message = self._news.get(camera.id), camera.place.scene
        if message is None or not camera.has_picture:
            if before is None or before.scene is not None:
                gone = _event("gone", GoneEvent(camera.id))
                self._news[camera.id] = _News(self._next_number(), 0, gone, gone, None, None, None, now_s)
            return
        since_s = float("inf") if before is None or before.scene is None else now_s - before.at_s
        if since_s < SCENE_EVERY_S:
            return
        ground = self._grounds.name(camera.id, message)
        if before is None or before.scene is None:
            self._tell_scene(camera.id, vector_scene(message.scene, message.captured_wall_s), ground, message, now_s)
            return
        scene = before.scene if before.message is message else vector_scene(message.scene, message.captured_wall_s)
        is_other = ground != before.ground or msgspec.structs.replace(scene, t=before.scene.t) != before.scene
        if is_other or (before.message is not message and since_s >= AGAIN_S):
            self._tell_scene(camera.id, scene, ground, message, now_s)

    def _tell_scene(self, camera: str, scene: VectorScene, ground: str | None, message: SceneMessage, now_s: float) -> None:
        before, number = self._news.get(camera), self._next_number()
        same_frame = before is not None and before.scene is not None and _frame(before.scene) == _frame(scene)
        short = SceneEvent(id=camera, ground=ground, t=scene.t, epoch=scene.epoch, g=scene.g, c=scene.c, state=scene.state, withheld=scene.withheld)
        full = msgspec.structs.replace(short, w=scene.w, h=scene.h, level=scene.level, block=scene.block, shown=scene.shown, cell=scene.cell)
        frame = before.frame if before is not None and same_frame else number
        self._news[camera] = _News(number, frame, _event("scene", short), _event("scene", full), scene, ground, message, now_s)

    def _tell_cameras(self, now: SiteNow, now_s: float) -> None:
        """Encodes how the cameras are, if people would see a difference, or after a while in any case."""
        since_s = now_s - self._cameras_at_s
        if since_s < CAMERAS_SOONEST_S:
            return
        seen = _urgent(now), _calm(now)
        if since_s >= CAMERAS_EVERY_S or seen[0] != self._seen[0] or (since_s >= CAMERAS_CALMLY_S and seen != self._seen):
            answer = cameras_answer(now).model_dump_json().encode()
            self._cameras = self._next_number(), b"event: cameras\ndata: " + answer + b"\n\n"
            self._cameras_at_s, self._seen = now_s, seen

    def _next_number(self) -> int:
        self._number += 1
        return self._number


class FeedReader:
    """One who reads. It keeps which events it sent last, nothing else.

    Args:
        feed: Where it reads.
        cameras: Ids of the cameras that it wants scenes of; None = all.
    """

    def __init__(self, feed: LiveFeed, cameras: frozenset[str] | None) -> None:
        self.cameras = cameras
        self._feed = feed
        self._sent: dict[str, tuple[int, int]] = {}
        self._sent_cameras = 0
        self._said_at_s = feed.clock.monotonic_s()

    def news(self) -> bytes:
        """All that is new since the last call, the newest of each; b"" = nothing is."""
        now_s, news = self._feed.clock.monotonic_s(), self._news()
        if not news and now_s - self._said_at_s < KEEP_ALIVE_S:
            return b""
        self._said_at_s = now_s
        return news or KEEP_ALIVE

    async def next(self) -> bool:
        """Waits until something may be new; False = the feed has ended."""
        return await self._feed.next()

    def close(self) -> None:
        """Reads no more."""
        self._feed.close(self)

    def _news(self) -> bytes:
        parts = []
        number, answer = self._feed.cameras
        if number != self._sent_cameras:
            self._sent_cameras = number
            parts.append(answer)
        told = self._feed.told if self.cameras is None else tuple(sorted(self.cameras))
        for camera in told:
            news = self._feed.news_of(camera)
            sent_number, sent_frame = self._sent.get(camera, (-1, -1))
            if news is not None and news.number != sent_number:
                parts.append(news.short if news.frame == sent_frame else news.full)
                self._sent[camera] = news.number, news.frame
        for camera in sorted(self._sent.keys() - set(self._feed.told)):
            if self._sent[camera] != GONE:
                parts.append(_event("gone", GoneEvent(camera)))
                self._sent[camera] = GONE
        return b"".join(parts)


def _event(name: str, value: msgspec.Struct) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(value) + b"\n\n"


def _frame(scene: VectorScene) -> tuple[object, ...]:
    """What a short event leaves out."""
    return scene.w, scene.h, scene.level, scene.block, scene.shown, scene.cell


def _urgent(now: SiteNow) -> object:
    """What people should see at once."""
    failing = now.recording is not None and bool(now.recording.failing)
    return now.name, now.recording is None, failing, tuple((camera.id, camera.words.condition, camera.has_picture) for camera in now.cameras)


def _calm(now: SiteNow) -> object:
    """What else people see."""
    recording = None if now.recording is None else now.recording.failing
    return recording, tuple((camera.name, camera.purpose, camera.release_level, camera.words, camera.lost_scenes) for camera in now.cameras)
