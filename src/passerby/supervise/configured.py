"""That the configuration changed goes into the receipts before it takes effect (invariant I7), also if the site file was changed while nothing ran.

What was last in force lies in the state folder as `configured.json`: tables, keys and values, without users, passwords and paths of addresses.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from passerby.clock import Clock
from passerby.record.durable import replace_file
from passerby.record.receipts import Act, Receipt, ReceiptSink
from passerby.released.partial_file import output_error
from passerby.site.settings import Section, Site

FILE: Final = "configured.json"
NEVER_TOLD: Final = ("source", "user", "password", "password_file", "id")
MOST_LETTERS: Final = 400

Tables = Mapping[str, Mapping[str, Any]]
"""Values by key, by table: "site", "recording", ..., and for each camera "camera gate-2"."""


class ConfigurationRecord:
    """What configuration was in force last, and the receipts of its changes.

    Args:
        folder: The state folder.
        receipts: Where changes are written down.
        clock: Time.
    """

    def __init__(self, folder: Path, receipts: ReceiptSink, clock: Clock) -> None:
        self._path, self._receipts, self._clock = folder / FILE, receipts, clock

    def note(self, site: Site, by: str) -> tuple[str, ...]:
        """Writes down what differs from what was in force last, and gives it in words; to be called before the site takes effect.

        Raises:
            ReceiptError: It could not be written down: the change must not take effect.
            OutputError: It could not be kept that it was.
        """
        tables = tables_of(site)
        words = tuple(changes(self._read(), tables))
        for table, change in words:
            camera = table.removeprefix("camera ") if table.startswith("camera ") else ""
            why = change if camera else f"{table}: {change}"
            self._receipts.write(Receipt(kind=Act.CONFIGURED, wall_s=self._clock.wall_s(), by=by, camera=camera, why=_short(why)))
        if words:
            try:
                replace_file(self._path, json.dumps(tables, indent=1, sort_keys=True).encode("utf-8"))
            except OSError as error:
                raise output_error(self._path, error) from error
        return tuple(f"{table}: {change}" for table, change in words)

    def _read(self) -> Tables:
        """What was in force last; what cannot be read counts as nothing, so that everything is written down anew."""
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        good = isinstance(found, dict) and all(isinstance(values, dict) for values in found.values())
        return found if good else {}


def tables_of(site: Site) -> Tables:
    """What of a site's configuration may be told, ready for JSON."""
    tables = {"site": _values(site.place), "server": _values(site.server), "recording": _values(site.recording), "detector": _values(site.detector)}
    for camera in site.cameras:
        tables[f"camera {camera.id}"] = {**_values(camera), "address": camera.shown_source}
    return tables


def changes(old: Tables, new: Tables) -> Iterator[tuple[str, str]]:
    """Table by table, what changed, in words."""
    for table in old:
        if table not in new:
            yield table, "removed"
    for table, values in new.items():
        if table not in old:
            yield table, f"new: {', '.join(f'{key} {_told(value)}' for key, value in values.items())}"
            continue
        found = [f"{key} {_told(old[table].get(key))} -> {_told(value)}" for key, value in values.items() if old[table].get(key) != value]
        if found:
            yield table, ", ".join(found)


def _values(section: Section) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(section.model_dump_json(exclude=set(NEVER_TOLD)))
    return values


def _told(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
