"""What of a changed site file can be taken over while the site runs, and what cannot."""

from collections.abc import Sequence
from dataclasses import dataclass

from passerby.site.channels import Channel
from passerby.site.hazards import Hazard
from passerby.site.section import Section
from passerby.site.settings import Camera, CountingLine, CountingZone, Site

_Counted = CountingZone | CountingLine | Hazard | Channel


@dataclass(frozen=True, slots=True)
class Change:
    """What a reload comes to.

    Attributes:
        site: The site that runs from now on: the new one, but for what needs a restart.
        taken: What is taken over, as keys of the site file; a camera whose picture is concerned begins anew.
        needs_restart: What is not, until Passerby is started anew.
    """

    site: Site
    taken: tuple[str, ...]
    needs_restart: tuple[str, ...]


def change_of(old: Site, new: Site) -> Change:
    """What a reload comes to."""
    kept_place = {"state_folder": old.place.state_folder, "keep_plates": old.place.keep_plates}
    site = new.model_copy(
        update={
            "server": old.server,
            "place": new.place.model_copy(update=kept_place),
        }
    )
    needs_restart = [
        *_differences("server", old.server, new.server),
        *(
            key
            for key, differs in (
                ("site.state_folder", old.state_folder != new.state_folder),
                ("site.keep_plates", old.place.keep_plates != new.place.keep_plates),
            )
            if differs
        ),
    ]
    taken = [
        *_differences("site", old.place, site.place),
        *_differences("recording", old.recording, site.recording),
        *_differences("measurements", old.measurements, site.measurements),
        *_differences("detector", old.detector, site.detector),
        *_camera_differences(old, site),
        *_counted_differences("zone", old.zones, site.zones),
        *_counted_differences("line", old.lines, site.lines),
        *_differences("hazards", old.hazard_settings, site.hazard_settings),
        *_counted_differences("hazard", old.hazards, site.hazards),
        *_counted_differences("channel", old.channels, site.channels),
    ]
    return Change(site, tuple(taken), tuple(needs_restart))


def _differences(table: str, old: Section, new: Section) -> list[str]:
    """Keys of the table whose values differ; secrets are compared too, and never told."""
    return [f"{table}.{field.alias or key}" for key, field in type(new).model_fields.items() if getattr(old, key) != getattr(new, key)]


def _counted_differences(table: str, old: Sequence[_Counted], new: Sequence[_Counted]) -> list[str]:
    """Tables of which each has an id: zones, lines, hazards, channels that came, went, or are another one now."""
    before, after = {one.id: one for one in old}, {one.id: one for one in new}
    found = [f"{table} {one} removed" for one in before if one not in after]
    for one, drawn in after.items():
        found += [f"{table} {one} added"] if one not in before else _differences(f"{table} {one}", before[one], drawn)
    return found


def _camera_differences(old: Site, new: Site) -> list[str]:
    before: dict[str, Camera] = {camera.id: camera for camera in old.cameras}
    after: dict[str, Camera] = {camera.id: camera for camera in new.cameras}
    found = [f"camera {one} removed" for one in before if one not in after]
    for one, camera in after.items():
        if one not in before:
            found.append(f"camera {one} added")
        else:
            found += _differences(f"camera {one}", before[one], camera)
    return found


def redrawn(before: Site, after: Site) -> set[str]:
    """The cameras on whose picture something was drawn anew: what is never shown, the ground, zones or lines."""
    return {camera.id for camera in after.cameras if _drawn_on(after, camera.id) != _drawn_on(before, camera.id)}


def _drawn_on(site: Site, camera: str) -> tuple[object, ...]:
    drawn = [(one.never, one.ground) for one in site.cameras if one.id == camera]
    return (*drawn, *(zone for zone in site.zones if zone.camera == camera), *(line for line in site.lines if line.camera == camera))
