"""What recording is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from passerby.errors import SettingsError
from passerby.record.folder import CAMERA_ID, MINUTE_S
from passerby.site.settings import Site


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """Settings of the recordings of a site. Raises SettingsError where one makes no sense.

    Attributes:
        retention_s: How long recordings are kept, by camera. Others are not recorded; what there is of them is kept as was promised.
        free_space_floor_bytes: Below so much free space the oldest recordings are deleted, and if that does not help none are made.
        max_hold_s: How long a hold may keep recordings beyond their time.
        flush_s: Seconds after which what was recorded is brought to the disk.
    """

    retention_s: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    free_space_floor_bytes: int = 2_000_000_000
    max_hold_s: float = 30 * 86400.0
    flush_s: float = 4.0

    def __post_init__(self) -> None:
        for camera, retention_s in self.retention_s.items():
            if not CAMERA_ID.fullmatch(camera):
                raise SettingsError(f"{camera!r} is no id of a camera", "1 to 40 small letters, digits and dashes")
            if not retention_s >= MINUTE_S:
                raise SettingsError(f"recordings of '{camera}' are to be kept for {retention_s} s; expected at least {MINUTE_S}")
        if self.free_space_floor_bytes < 0 or self.max_hold_s < 0 or not self.flush_s > 0:
            raise SettingsError("a floor of free space, a bound of holds and an interval of flushes cannot be negative")

    @classmethod
    def of(cls, site: Site) -> Self:
        """The settings of a site."""
        recording = site.recording
        return cls(
            retention_s=MappingProxyType({camera.id: camera.retention_s for camera in site.cameras}),
            free_space_floor_bytes=recording.free_space_floor_bytes,
            max_hold_s=recording.max_hold_s,
        )
