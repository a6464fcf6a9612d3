"""Orders that change make void what streams still hold: nobody is given any of it, and whoever reads goes on."""

import io
import threading

import av
import httpx
import numpy as np
import pytest

from passerby.clock import SimulatedClock
from passerby.released.mpeg_ts import TsMuxer
from passerby.released.scene import Size
from passerby.serve.streamer_orders import (
    RATE_HZ,
    SEGMENT_PICTURES,
    InitSegment,
    Jpeg,
    MediaSegment,
    TransportChunk,
    Voided,
    Want,
)
from passerby.serve.streams import CameraStream
from passerby.supervise.live_places import LivePlaces
from tests.support.site_now import message, whole_plate
from tests.support.streamed_site import BAR, StreamedSite

SIZE = Size(64, 48)
VIDEO = Want(video=True, jpeg=True)


class Stage:
    """A stream without a process: the test says what that gives."""

    def __init__(self) -> None:
        self.clock = SimulatedClock()
        self.places = LivePlaces(["gate"], lambda _camera: None, self.clock)
        self.stream = CameraStream("gate", SIZE, self.clock.monotonic_s(), 1e9, self.clock, lambda: self.places.orders("gate"))
        self.stream.begin(VIDEO, 5.0)
        self.stream.hear(InitSegment(b"init"))
        self.next = 0

    def gives(self, count: int) -> None:
        """So many pictures of every kind."""
        for number in range(self.next, self.next + count):
            key = number % SEGMENT_PICTURES == 0
            self.stream.hear(TransportChunk(number, key, TsMuxer().picture((b"\x65old",), number * 9000, key=key)))
            self.stream.hear(Jpeg(number, b"jpeg %d" % number))
            if (number + 1) % SEGMENT_PICTURES == 0:
                self.stream.hear(MediaSegment(number + 1 - SEGMENT_PICTURES, b"segment %d" % number))
        self.next += count
        self.clock.sleep(count / RATE_HZ)

    def voided(self) -> None:
        """The streamer follows the orders of now."""
        self.stream.hear(Voided(self.places.orders("gate")))


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.gives(40)
    return stage


def names(stage: Stage) -> list[str]:
    playlist = stage.stream.playlist
    assert playlist is not None
    return [line for line in playlist.splitlines() if line.endswith(".m4s")]


def value(stage: Stage, tag: str) -> str:
    lines = (stage.stream.playlist or "").splitlines()
    return next(line.partition(":")[2] for line in lines if line.startswith(f"#EXT-X-{tag}:"))


def test_what_was_kept_is_given_to_nobody_after_a_change_of_orders(stage: Stage) -> None:
    stream, kept = stage.stream, names(stage)
    behind = stream.read(None).position
    stage.places.withhold(["gate"])
    assert stream.playlist is None
    assert [stream.file(name) for name in kept] == [None] * len(kept)
    assert stream.jpeg is None
    assert (stream.read(None).data, stream.read(0).data, stream.read(behind).data) == (b"", b"", b"")


def test_a_look_once_a_second_lets_go_of_it_though_nobody_asks(stage: Stage) -> None:
    stage.places.withhold(["gate"])
    stage.stream.look()
    assert (stage.stream.outlet.kept_bytes, stage.stream.hls.next_picture, stage.stream._jpeg) == (0, None, None)


def test_what_the_streamer_still_gives_is_left_out_until_it_follows_the_new_orders(stage: Stage) -> None:
    stage.places.withhold(["gate"])
    stage.gives(10)
    assert (stage.stream.playlist, stage.stream.jpeg, stage.stream.read(None).data) == (None, None, b"")
    stage.stream.hear(Voided(0))
    stage.gives(5)
    assert stage.stream.playlist is None
    stage.voided()
    stage.gives(5)
    assert len(names(stage)) == 1
    assert stage.stream.jpeg is not None
    assert stage.stream.read(None).data


def test_an_init_segment_that_comes_meanwhile_is_kept(stage: Stage) -> None:
    stage.places.withhold(["gate"])
    stage.stream.hear(InitSegment(b"another"))
    stage.voided()
    stage.gives(5)
    assert stage.stream.shape == b"another"
    assert stage.stream.file(value(stage, "MAP").partition('"')[2].rstrip('"')) == b"another"


def test_the_playlist_goes_on_after_what_was_void_with_the_same_init_and_counts_what_left_it(stage: Stage) -> None:
    last, init = int(names(stage)[-1].removesuffix(".m4s")), value(stage, "MAP")
    for discontinuities in (1, 2):
        stage.places.withhold(["gate"])
        stage.gives(5)
        stage.voided()
        stage.gives(10)
        playlist = stage.stream.playlist or ""
        assert [int(name.removesuffix(".m4s")) for name in names(stage)] == [last + 1, last + 2]
        assert value(stage, "MAP") == init
        assert stage.stream.file(init.partition('"')[2].rstrip('"')) == b"init"
        assert int(value(stage, "DISCONTINUITY-SEQUENCE")) + playlist.count("#EXT-X-DISCONTINUITY\n") == discontinuities
        last += 2


def test_a_camera_that_was_removed_gives_nothing_and_one_of_its_id_goes_on_from_nothing(stage: Stage) -> None:
    kept = names(stage)
    stage.places.follow([])
    assert stage.stream.playlist is None
    stage.places.follow(["gate"])
    stage.gives(5)
    assert stage.stream.playlist is None
    assert not any(stage.stream.file(name) for name in kept)


def test_a_process_that_begins_after_the_change_is_believed_at_once(stage: Stage) -> None:
    stage.places.withhold(["gate"])
    stage.stream.begin(VIDEO, 5.0)
    stage.gives(5)
    assert len(names(stage)) == 1


def test_numbers_of_orders_never_come_again() -> None:
    places = LivePlaces(["gate", "hall"], lambda _camera: None, SimulatedClock())
    seen = [places.orders("gate"), places.orders("hall")]
    places.withhold(["gate"])
    seen.append(places.now("gate").orders)
    places.follow(["hall"])
    with pytest.raises(KeyError):
        places.orders("gate")
    places.follow(["gate", "hall"])
    places.accept(message(whole=True, patches=whole_plate()))
    seen.append(places.orders("gate"))
    assert len(set(seen)) == len(seen)


def shows_place(init: bytes, segment: bytes) -> list[bool]:
    """Of each picture of a segment, whether the place is seen."""
    with av.open(io.BytesIO(init + segment), "r") as container:
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    heights = [picture.shape[0] for picture in pictures]
    return [abs(float(np.mean(picture[at * 5 // 32 : at * 7 // 32, 60:120])) - BAR) < 12 for picture, at in zip(pictures, heights, strict=True)]


def test_no_address_gives_a_picture_of_before_the_change() -> None:
    """Through the server, with the real streamer."""
    waited = threading.Event()
    with StreamedSite() as site, httpx.Client(timeout=30) as client:

        def segments() -> list[str]:
            return [line for line in client.get(site.url("live/gate/index.m3u8")).text.splitlines() if line.endswith(".m4s")]

        def shown(name: str) -> list[bool]:
            return shows_place(init, client.get(site.url(f"live/gate/{name}")).content)

        while len(listed := segments()) < 6:
            waited.wait(0.2)
        playlist = client.get(site.url("live/gate/index.m3u8")).text
        init = client.get(site.url("live/gate/" + playlist.partition('URI="')[2].partition('"')[0])).content
        assert all(shown(listed[-1]))
        site.places.withhold(["gate"])
        assert {client.get(site.url(f"live/gate/{name}")).status_code for name in listed} == {404}
        later = segments()
        assert not set(later) & set(listed)
        while len(later) < 3:
            waited.wait(0.2)
            later = segments()
        assert not any(place for name in later for place in shown(name))
        site.places.resume(["gate"])
        while not all(shown(segments()[-1])):
            waited.wait(0.2)
