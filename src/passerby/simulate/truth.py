"""The truth beside a simulated clip: a folder of text files, masks and the empty place.

    simulation.json   all settings, the zones and the lines; marks the folder as one of these
    gt.txt            MOT text: frame (from 1), id (person + 1), left, top, width, height, flag, x_m, y_m, 0
                      flag 0: less than a quarter is visible, or less than half of the box lies in the picture
    feet.csv          frame,person,x_m,y_m,posture,visible   everybody on the ground, in view or not; ids as in gt.txt
    homography.json   ground metres to pixels and back, with the picture's size
    zones.csv         frame,zone,people,per_m2
    crossings.csv     frame,line,direction,person,x_m,y_m,in_view
    events.json       kind, at_s, until_s (null: stays), first frame
    empty.png         the empty place in the first frame's light
    masks.zip         000001.png, ...: 16-bit grey, 0 = nobody, else the id in gt.txt

Coordinates are those of `ground`. Times and frames are those of the clip: frame n is shown at (n - 1) / fps.
"""

import csv
import math
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from passerby.errors import OutputError
from passerby.released.partial_file import output_error
from passerby.released.scene import Size
from passerby.simulate.camera import Camera
from passerby.simulate.cast import Posture
from passerby.simulate.ground import Ground
from passerby.simulate.measures import CrossingCounter, Zones
from passerby.simulate.path import Spot
from passerby.simulate.settings import SimulationSettings
from passerby.simulate.shot import Seen, Shot, label_of, share_inside

MARK: Final = "simulation.json"
LEAST_VISIBLE: Final = 0.25
LEAST_INSIDE: Final = 0.5
_ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""No date of the machine's: equal settings give equal files."""
_PNG_SPEED: Final = [cv2.IMWRITE_PNG_COMPRESSION, 1]


class TruthWriter:
    """Writes the truth of shots, one after the other, into a folder. Use it as a context manager.

    Args:
        folder: An empty folder that exists.
        settings: What was simulated.
        ground: The place.
        camera: Who looks.
        masks: Whether masks.zip is written.
    """

    def __init__(self, folder: Path, settings: SimulationSettings, ground: Ground, camera: Camera, *, masks: bool = True) -> None:
        self._folder = folder
        self._settings = settings
        self._camera = camera
        self._zones = Zones(ground.zones_m)
        self._crossings = CrossingCounter(ground.lines_m)
        self._frame = 0
        self._files = ExitStack()
        try:
            self._write_json(MARK, _simulation(settings, ground, self._zones))
            self._write_json("homography.json", _homography(camera))
            self._write_json("events.json", _events(settings))
            self._gt = self._open("gt.txt")
            self._feet = self._table("feet.csv", "frame,person,x_m,y_m,posture,visible")
            self._zone_rows = self._table("zones.csv", "frame,zone,people,per_m2")
            self._crossing_rows = self._table("crossings.csv", "frame,line,direction,person,x_m,y_m,in_view")
            self._masks = self._files.enter_context(zipfile.ZipFile(folder / "masks.zip", "w", zipfile.ZIP_STORED)) if masks else None
        except OSError as error:
            self._files.close()
            raise output_error(folder, error) from error
        except BaseException:
            self._files.close()
            raise

    def add(self, shot: Shot) -> None:
        """Writes the truth of the next frame. Raises OutputError where the disk is full or fails."""
        self._frame += 1
        try:
            if self._frame == 1:
                (self._folder / "empty.png").write_bytes(_png(shot.empty))
            self._add_people(shot)
            self._add_measures(shot.everyone)
            if self._masks is not None:
                self._masks.writestr(zipfile.ZipInfo(f"{self._frame:06d}.png", _ZIP_EPOCH), _png(shot.labels))
        except OSError as error:
            raise output_error(self._folder, error) from error

    def close(self) -> None:
        """Finishes the files. Raises OutputError."""
        try:
            self._files.close()
        except OSError as error:
            raise output_error(self._folder, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except OutputError:
            if kind is None:  # else the first error is the one to tell
                raise

    def _add_people(self, shot: Shot) -> None:
        for seen in shot.people:
            self._gt.write(mot_line(self._frame, seen, self._settings.size))
        visible = {seen.person: seen.visible for seen in shot.people}
        for person, spot in shot.everyone.items():
            x_m, y_m = spot.xy_m
            share = f"{visible.get(person, 0.0):.3f}"
            self._feet.writerow([self._frame, label_of(person), f"{x_m:.3f}", f"{y_m:.3f}", Posture(spot.posture).name.lower(), share])

    def _add_measures(self, everyone: Mapping[int, Spot]) -> None:
        xy_m = np.array([spot.xy_m for spot in everyone.values()], np.float64).reshape(-1, 2)
        for zone, people in self._zones.occupancy(xy_m).items():
            self._zone_rows.writerow([self._frame, zone, people, f"{people / self._zones.areas_m2[zone]:.4f}"])
        for found in self._crossings.step(self._frame, {person: spot.xy_m for person, spot in everyone.items()}):
            x_m, y_m = found.xy_m
            in_view = int(_in_view(found.xy_m, self._camera))
            row = [found.frame, found.line, found.direction, label_of(found.person), f"{x_m:.3f}", f"{y_m:.3f}", in_view]
            self._crossing_rows.writerow(row)

    def _open(self, name: str) -> IO[str]:
        return self._files.enter_context((self._folder / name).open("w", encoding="ascii", newline=""))

    def _table(self, name: str, head: str) -> Any:
        rows = csv.writer(self._open(name), lineterminator="\n")
        rows.writerow(head.split(","))
        return rows

    def _write_json(self, name: str, value: object) -> None:
        (self._folder / name).write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def mot_line(frame: int, seen: Seen, size: Size) -> str:
    """Somebody seen in a frame (from 1) as a line of MOT text."""
    left, top, width, height = seen.box
    x_m, y_m = seen.foot_m
    flag = int(seen.visible >= LEAST_VISIBLE and share_inside(seen.box, size) >= LEAST_INSIDE)
    return f"{frame},{label_of(seen.person)},{left},{top},{width},{height},{flag},{x_m:.3f},{y_m:.3f},0\n"


def _in_view(xy_m: tuple[float, float], camera: Camera) -> bool:
    """Whether the camera sees that place on the ground, or would if nothing hid it."""
    x_px, y_px = camera.to_px(np.array([xy_m]))[0].tolist()
    return bool(0 <= x_px < camera.size.width_px and 0 <= y_px < camera.size.height_px)


def _simulation(settings: SimulationSettings, ground: Ground, zones: Zones) -> dict[str, object]:
    return {
        "settings": msgspec.to_builtins(settings) | {"size": {"width_px": settings.size.width_px, "height_px": settings.size.height_px}},
        "frames": settings.frames,
        "zones_m": ground.zones_m,
        "areas_m2": zones.areas_m2,
        "lines_m": ground.lines_m,
    }


def _homography(camera: Camera) -> dict[str, object]:
    size = camera.size
    return {
        "size_px": [size.width_px, size.height_px],
        "metres_to_pixels": camera.homography.tolist(),
        "pixels_to_metres": np.linalg.inv(camera.homography).tolist(),
    }


def _events(settings: SimulationSettings) -> list[dict[str, object]]:
    return [
        {"kind": str(event.kind), "at_s": event.at_s, "until_s": event.until_s, "frame": math.ceil(event.at_s * settings.fps - 1e-9) + 1}
        for event in settings.all_events
    ]


def _png(picture: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    encoded, data = cv2.imencode(".png", picture, _PNG_SPEED)
    if not encoded:
        raise RuntimeError("a picture of whole numbers becomes a PNG")
    return data.tobytes()
