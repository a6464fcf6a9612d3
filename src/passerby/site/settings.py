"""What `site.toml` may say. Frozen, unknown keys refused at every level, and pure: building these models opens no camera, no file and no socket.

Each field's docstring is its description in the JSON Schema and in the reference; `Expect` is what an error says about it. Addresses and passwords
are `SecretStr`: their repr is stars. They are templates, `${NAME}` stands for a variable of the environment, and are put together only when the
orders for the workers are written (`site.secrets`).
"""

from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from platformdirs import user_state_path
from pydantic import Field, PrivateAttr

from passerby.released.scene import Level
from passerby.site.addresses import shown_address
from passerby.site.channels import MOST_CHANNELS, Channel
from passerby.site.durations import DAY_S, MINUTE_S, YEAR_S
from passerby.site.hazards import Hazard, Hazards
from passerby.site.section import Section
from passerby.site.values import (
    ByteSize,
    Duration,
    Expect,
    Homography,
    HostNames,
    Line,
    LinePoints,
    ListenAddress,
    Networks,
    Number,
    Polygons,
    PushAddress,
    SecretText,
    SomePath,
    Source,
    Switch,
    Whole,
    ZoneName,
    ZonePolygon,
    host_and_port,
    is_loopback,
)

MOST_CAMERAS: Final = 512
MOST_ZONES: Final = 4096
MOST_RETENTION_S: Final = 366 * DAY_S
MOST_HISTORY_S: Final = 10 * YEAR_S
LEVELS: Final = {"counts": Level.COUNTS, "heat": Level.HEAT, "glyphs": Level.GLYPHS}
_SPREAD: Final = "leave it out: the cameras are then spread over the processor's cores"
_SECRETS: Final = "a password goes into an environment variable, ${NAME}, or into a file of its own, password_file"


class Place(Section):
    """The site as a whole."""

    name: Annotated[Line, Expect("a name of 1 to 200 characters in one line", 'for instance name = "Central station"')]
    """Name of the place, as the live page shows it."""

    time_zone: ZoneName = "UTC"
    """Time zone of the place, by its name in the IANA database. Recordings are kept in UTC; times on the command line are read in this zone."""

    state_folder: SomePath | None = None
    """Folder for recordings, receipts and the lock; one running site a folder. Counts from the folder of `site.toml`. Left out: `passerby` in
    the user's folder for state."""

    keep_plates: Switch = False
    """Whether the learned place is kept over a restart of Passerby. Otherwise it is discarded and settles anew."""

    workers: Annotated[Whole, Field(ge=1, le=MOST_CAMERAS), Expect("", _SPREAD)] | None = None
    """Sealed processes that the cameras are spread over. Left out: one a camera, at most one a core of the processor."""

    cameras_per_worker: Annotated[Whole, Field(ge=1, le=MOST_CAMERAS), Expect("", _SPREAD)] | None = None
    """Most cameras of one sealed process, instead of `workers`. A process that dies takes its cameras along until it is started again."""

    worker_memory_bytes: (
        Annotated[ByteSize, Field(ge=256 * 10**6, le=10**12), Expect('a size from "256 MB" to "1 TB"', 'for instance worker_memory = "4 GB"')] | None
    ) = Field(default=None, alias="worker_memory")
    """Most memory of one sealed process. Left out: 2 GiB, and 1 GiB a camera."""


class Server(Section):
    """Where the live pictures, the health and the metrics are served."""

    address: ListenAddress = "127.0.0.1:8740"
    """Address and port. Other machines can reach it only with a password (`passerby account password`), and with TLS or behind a proxy. Port 0
    takes any free one."""

    names: HostNames = ()
    """Names under which it is asked for, beside the address itself. A request for another name is refused: a page of the internet could point a name
    of its own here."""

    certificate: SomePath | None = None
    """File with the certificate and those between it and the root, as PEM: TLS without a proxy. Read anew at SIGHUP."""

    key: SomePath | None = None
    """File with the certificate's private key, as PEM, without a passphrase."""

    behind_proxy: Switch = False
    """Whether a reverse proxy with TLS stands in front. What it says of who asks (`X-Forwarded-For`, `X-Forwarded-Proto`) is then believed."""

    proxies: Networks = ("127.0.0.1/32", "::1/128")
    """Addresses of the proxies, with `behind_proxy`. Nobody else is believed, or answered."""

    @property
    def host(self) -> str:
        """The host without brackets."""
        return host_and_port(self.address)[0]

    @property
    def port(self) -> int:
        """The port; 0 = any free one."""
        return host_and_port(self.address)[1]

    @property
    def others_reach_it(self) -> bool:
        """Whether other machines can, directly or through a proxy."""
        return self.behind_proxy or not is_loopback(self.host)


class Recording(Section):
    """What is kept of the scenes. There is no recording of pictures."""

    enabled: Switch = True
    """Whether scenes are recorded."""

    free_space_floor_bytes: Annotated[
        ByteSize, Field(ge=0, le=10**15), Expect('a size up to "1000 TB"', 'for instance free_space_floor = "2 GB"')
    ] = Field(default=2 * 10**9, alias="free_space_floor", json_schema_extra={"default": "2 GB"})
    """Free space that is left on the disk: below it, the oldest recordings are deleted first, even before their time."""

    max_hold_s: Annotated[
        Duration, Field(ge=MINUTE_S, le=MOST_RETENTION_S), Expect('a duration from "1 min" to "366 days"', 'for instance max_hold = "30 days"')
    ] = Field(default=30 * DAY_S, alias="max_hold", json_schema_extra={"default": "30 days"})
    """Longest time for which a hold may keep recordings from being deleted."""


class Measurements(Section):
    """What is kept of the measurements: numbers of zones and lines, a minute each."""

    enabled: Switch = True
    """Whether measurements are kept. What is measured now can be seen without that."""

    retention_s: Annotated[
        Duration, Field(ge=DAY_S, le=MOST_HISTORY_S), Expect('a duration from "1 day" to "10 years"', 'for instance retention = "2 years"')
    ] = Field(default=2 * YEAR_S, alias="retention", json_schema_extra={"default": "2 years"})
    """How long they are kept; a year is 365 days. They are deleted by whole days (UTC), when the first minute of a day is as old."""


class Detector(Section):
    """What finds people, two-wheelers, vehicles and animals."""

    name: Annotated[str, Field(strict=True, pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$"), Expect("the name of a detector", "passerby models list")] = (
        "yolox-nano"
    )
    """Name of the detector in the manifest."""

    device: Annotated[Literal["auto", "cpu", "cuda", "openvino", "coreml"], Expect("auto, cpu, cuda, openvino or coreml")] = "auto"
    """Where it runs. What cannot be had falls back to the processor."""

    manifest: SomePath | None = None
    """A manifest of your own, with heavier detectors."""


class Camera(Section):
    """One camera."""

    id: Annotated[str, Field(strict=True, pattern=r"^[a-z0-9-]{1,40}$"), Expect("1 to 40 small letters, digits and dashes", 'id = "gate-2"')]
    """Name in addresses, folders and metrics: 1 to 40 small letters, digits and dashes. Its recordings hang on it."""

    name: Annotated[Line, Expect("a name of 1 to 200 characters in one line")] | None = None
    """Name for people. Left out: the id."""

    source: Annotated[
        Source,
        Expect("an address that begins with rtsp://, rtsps://, http:// or https://, or the path of a video file", 'such as "rtsp://camera/stream"'),
    ]
    """Address of the stream, or path of a video file (from the folder of `site.toml`). `${NAME}` stands for a variable of the environment."""

    user: Annotated[SecretText, Expect("a user name in one line, without a colon", _SECRETS)] | None = None
    """User name, where it does not stand in `source`. `${NAME}` stands for a variable of the environment."""

    password: Annotated[SecretText, Expect("a password, best as a variable: ${NAME}", _SECRETS)] | None = None
    """Password. `${NAME}` stands for a variable of the environment; any character may be in it."""

    password_file: SomePath | None = None
    """File whose first line is the password, instead of `password`."""

    purpose: Annotated[
        Line, Field(max_length=1000), Expect("a sentence that says what the camera is for", 'purpose = "Crowding on the platform is seen in time."')
    ]
    """What the camera is for, in a sentence that those who walk past it understand."""

    release_level: Annotated[
        Literal["counts", "heat", "glyphs"], Expect("counts, heat or glyphs", "glyphs: figures and cells; heat: cells only; counts: neither")
    ] = "glyphs"
    """How much is released: `counts` (the empty place only), `heat` (coarse cells of movement, too), `glyphs` (figures, too)."""

    retention_s: Annotated[
        Duration, Field(ge=MINUTE_S, le=MOST_RETENTION_S), Expect('a duration from "1 min" to "366 days"', 'for instance retention = "72 h"')
    ] = Field(default=3 * DAY_S, alias="retention", json_schema_extra={"default": "72 h"})
    """How long its recordings are kept: `s`, `min`, `h`, `days`, `weeks`. They are deleted within a minute of their time."""

    settle_s: Annotated[Number, Field(ge=1, le=3600), Expect("", "20 is right for most places; more where people stand for long")] = 20.0
    """Quiet seconds before a part of the place is shown."""

    absorb_s: Annotated[Number, Field(ge=1, le=86400), Expect("", "1800 is half an hour")] = 1800.0
    """Seconds without a subject after which a thing that was put down becomes part of the place."""

    min_person_px: Annotated[Whole, Field(ge=8, le=2000), Expect("", "height of the smallest person that must be found, in pixels")] = 24
    """Height of the smallest person that must be found, in pixels of the picture. Smaller takes more computing."""

    never: Polygons = ()
    """Polygons that are never shown: windows, mirrors, screens, a bench where people sleep. Points are `[x, y]` in pixels of the picture."""

    ground: Homography | None = None
    """Nine numbers, row by row, of the homography from metres on the ground to pixels. Figures then stand on a grid of 0.25 m."""

    fps_limit: Annotated[Number, Field(ge=0.2, le=120), Expect("", "leave it out to take every picture")] | None = None
    """Most pictures a second that are taken from the camera. Left out: all."""

    transport: Annotated[Literal["auto", "tcp", "udp"], Expect("auto, tcp or udp")] = "auto"
    """How RTSP brings the pictures: `auto` tries TCP, then UDP."""

    tls: Annotated[Literal["auto", "verify", "trust"], Expect("auto, verify or trust")] = "auto"
    """Whether the certificate of an `rtsps://` or `https://` camera is verified. `trust` takes any: safe from who listens, not from who takes the
    camera's place. `auto` verifies where that can work: where there is a `tls_certificate`, or a name that public authorities certify."""

    tls_certificate: SomePath | None = None
    """File (PEM) with the certificate that the camera shows, or that of the authority which signed it. Left out: the system's authorities."""

    hardware_decode: Switch = False
    """Whether a hardware decoder is used where there is one."""

    first_byte_s: Annotated[Number, Field(ge=0.5, le=120), Expect("", "10 is right for most cameras")] = 10.0
    """Seconds within which the camera must answer."""

    stall_s: Annotated[Number, Field(ge=0.5, le=120), Expect("", "5 is right for most cameras")] = 5.0
    """Seconds without a picture after which the connection is made anew."""

    loop: Switch = True
    """Whether a video file begins anew at its end."""

    push: (
        Annotated[PushAddress, Expect("an address that begins with rtsp:// or rtsps://", 'such as "rtsp://user:${PASSWORD}@nvr:8554/gate-2"')] | None
    ) = None
    """Address of an RTSP server to which its stream without persons is sent all the time. `${NAME}` stands for a variable of the environment."""

    @property
    def title(self) -> str:
        """The name for people."""
        return self.name or self.id

    @property
    def level(self) -> Level:
        """The release level."""
        return LEVELS[self.release_level]

    @property
    def shown_source(self) -> str:
        """What may be shown of the address: scheme, host and port, or the file's name."""
        return shown_address(self.source.get_secret_value())

    @property
    def shown_push(self) -> str | None:
        """What may be shown of the address that its stream is sent to: scheme, host and port; None = it is not sent."""
        return None if self.push is None else shown_address(self.push.get_secret_value())


class CountingZone(Section):
    """A part of a camera's picture in which people are counted."""

    camera: Annotated[str, Field(strict=True), Expect("the id of a camera of this file")]
    """Id of its camera."""

    id: Annotated[str, Field(strict=True, pattern=r"^[a-z0-9-]{1,40}$"), Expect("1 to 40 small letters, digits and dashes", 'id = "stairs"')]
    """Name in measurements and addresses: 1 to 40 small letters, digits and dashes. Its history hangs on it."""

    name: Annotated[Line, Expect("a name of 1 to 200 characters in one line")] | None = None
    """Name for people. Left out: the id."""

    polygon: ZonePolygon
    """Its corners, `[x, y]` in pixels of the picture, where people's feet are. Sides may not cross each other."""

    kind: Annotated[Literal["walking", "waiting", "queue"], Expect("walking, waiting or queue")] = "walking"
    """What people do in it: `walking` and `waiting` have levels of service of their own, of a `queue` length and wait are told, too."""


class CountingLine(Section):
    """A line in a camera's picture across which people are counted, each way."""

    camera: Annotated[str, Field(strict=True), Expect("the id of a camera of this file")]
    """Id of its camera."""

    id: Annotated[str, Field(strict=True, pattern=r"^[a-z0-9-]{1,40}$"), Expect("1 to 40 small letters, digits and dashes", 'id = "gate-3"')]
    """Name in measurements and addresses: 1 to 40 small letters, digits and dashes. Its history hangs on it."""

    name: Annotated[Line, Expect("a name of 1 to 200 characters in one line")] | None = None
    """Name for people. Left out: the id."""

    points: LinePoints
    """Its two ends, `[x, y]` in pixels of the picture, on the ground. Direction `ab` is from its left to its right, seen from the first to the
    second."""


class Site(Section):
    """A site: one running Passerby with its cameras."""

    place: Place = Field(alias="site")
    server: Server = Server()
    recording: Recording = Field(default_factory=lambda: Recording.model_validate({}))
    measurements: Measurements = Field(default_factory=lambda: Measurements.model_validate({}))
    detector: Detector = Detector()
    cameras: Annotated[
        tuple[Camera, ...], Field(min_length=1, max_length=MOST_CAMERAS), Expect(f"1 to {MOST_CAMERAS} cameras, each a table [[camera]]")
    ] = Field(alias="camera")
    zones: Annotated[tuple[CountingZone, ...], Field(max_length=MOST_ZONES), Expect(f"at most {MOST_ZONES} zones, each a table [[zone]]")] = Field(
        default=(), alias="zone"
    )
    lines: Annotated[tuple[CountingLine, ...], Field(max_length=MOST_ZONES), Expect(f"at most {MOST_ZONES} lines, each a table [[line]]")] = Field(
        default=(), alias="line"
    )
    hazard_settings: Hazards = Field(default_factory=lambda: Hazards.model_validate({}), alias="hazards")
    hazards: Annotated[tuple[Hazard, ...], Field(max_length=MOST_ZONES), Expect(f"at most {MOST_ZONES} rules, each a table [[hazard]]")] = Field(
        default=(), alias="hazard"
    )
    channels: Annotated[
        tuple[Channel, ...], Field(max_length=MOST_CHANNELS), Expect(f"at most {MOST_CHANNELS} channels, each a table [[channel]]")
    ] = Field(default=(), alias="channel")
    _folder: Path = PrivateAttr(default_factory=Path.cwd)

    def model_post_init(self, context: Any, /) -> None:
        """Remembers the folder that paths count from."""
        self._folder = (context or {}).get("folder", self._folder)

    @property
    def name(self) -> str:
        """Name of the place."""
        return self.place.name

    @property
    def zone(self) -> tzinfo:
        """Time zone of the place. UTC is known also to systems that have no table of zones."""
        return UTC if self.place.time_zone == "UTC" else ZoneInfo(self.place.time_zone)

    @property
    def folder(self) -> Path:
        """The folder of `site.toml`, absolute."""
        return self._folder

    @property
    def state_folder(self) -> Path:
        """Folder for recordings, receipts and the lock, absolute."""
        return self.place.state_folder or user_state_path("passerby", appauthor=False)

    def camera(self, camera_id: str) -> Camera:
        """The camera of that id. Raises KeyError."""
        for camera in self.cameras:
            if camera.id == camera_id:
                return camera
        raise KeyError(camera_id)
