"""The columns of the history, and the SQL that reads lines and days into them. DuckDB's words stand in this room only."""

from typing import Final

ZONE: Final = (
    "STRUCT(zone VARCHAR, people_mean DOUBLE, people_least INTEGER, people_most INTEGER, per_m2 DOUBLE, per_m2_error DOUBLE, per_m2_most DOUBLE, "
    "service VARCHAR, speed_m_s DOUBLE[], east_m_s DOUBLE, north_m_s DOUBLE, dwell INTEGER[], queue_mean DOUBLE, queue_most INTEGER, wait_s DOUBLE)[]"
)
LINE: Final = "STRUCT(line VARCHAR, ab INTEGER, ba INTEGER, flow_ab DOUBLE, flow_ba DOUBLE)[]"
HEAT: Final = "STRUCT(cell_px INTEGER, columns INTEGER, person_s DOUBLE[])"
LINES_COLUMNS: Final = (
    f"{{camera: 'VARCHAR', minute_wall_s: 'BIGINT', covered_s: 'DOUBLE', part: 'INTEGER', zones: '{ZONE}', lines: '{LINE}', heat: '{HEAT}'}}"
)

DWELL_COLUMNS: Final = tuple(f"dwell_{number}" for number in range(7))
KEYS: Final = {"zones": ("camera", "zone", "minute", "part"), "lines": ("camera", "line", "minute", "part"), "heat": ("camera", "minute", "part")}
"""What names a row for good: of two with the same key one is read."""

_MINUTE: Final = "TRY_CAST(minute_wall_s // 60 AS INTEGER) AS minute, TRY_CAST(part AS UTINYINT) AS part, CAST(covered_s AS FLOAT) AS covered_s"
_TYPES: Final = {
    "people_mean": "FLOAT",
    "people_least": "USMALLINT",
    "people_most": "USMALLINT",
    "per_m2": "FLOAT",
    "per_m2_error": "FLOAT",
    "per_m2_most": "FLOAT",
    "east_m_s": "FLOAT",
    "north_m_s": "FLOAT",
    "queue_mean": "FLOAT",
    "queue_most": "USMALLINT",
    "wait_s": "FLOAT",
}
_LISTED: Final = {f"speed_{name}_m_s": (f"speed_m_s[{number}]", "FLOAT") for number, name in enumerate(("p10", "median", "p90"), 1)} | {
    name: (f"dwell[{number}]", "USMALLINT") for number, name in enumerate(DWELL_COLUMNS, 1)
}
_ZONES: Final = ", ".join(
    [f"TRY_CAST(z.{name} AS {kind}) AS {name}" for name, kind in _TYPES.items()]
    + [f"TRY_CAST(z.{place} AS {kind}) AS {name}" for name, (place, kind) in _LISTED.items()]
)
_FROM_LINES: Final = {
    "zones": f"SELECT camera, z.zone AS zone, {{minute}}, {_ZONES} "
    "FROM (SELECT camera, minute_wall_s, part, covered_s, unnest(zones) AS z FROM {lines})",
    "lines": "SELECT camera, l.line AS line, {minute}, TRY_CAST(l.ab AS USMALLINT) AS ab, TRY_CAST(l.ba AS USMALLINT) AS ba, "
    "CAST(l.flow_ab AS FLOAT) AS flow_ab, CAST(l.flow_ba AS FLOAT) AS flow_ba "
    "FROM (SELECT camera, minute_wall_s, part, covered_s, unnest(lines) AS l FROM {lines})",
    "heat": "SELECT camera, {minute}, TRY_CAST(heat.cell_px AS USMALLINT) AS cell_px, TRY_CAST(heat.columns AS USMALLINT) AS columns, "
    "CAST(heat.person_s AS FLOAT[]) AS person_s FROM {lines} WHERE heat IS NOT NULL",
}


def from_lines(table: str, paths: list[str]) -> str:
    """SQL that reads a table out of files of lines. Damaged lines, such as one that a crash cut, are left out."""
    files = ", ".join(quoted(path) for path in paths)
    lines = f"read_json([{files}], format='newline_delimited', columns={LINES_COLUMNS}, ignore_errors=true, maximum_object_size=1000000)"
    return _FROM_LINES[table].format(minute=_MINUTE, lines=lines)


def from_days(paths: list[str]) -> str:
    """SQL that reads a table out of days' files."""
    return f"SELECT * FROM read_parquet([{', '.join(quoted(path) for path in paths)}])"


def once(table: str, sql: str) -> str:
    """SQL that reads each row once, however often it lies there."""
    keys = ", ".join(KEYS[table])
    return f"SELECT * FROM ({sql}) QUALIFY row_number() OVER (PARTITION BY {keys}) = 1"


def quoted(text: str) -> str:
    """A text as SQL: paths and ids come from the site's folder and file."""
    return "'" + text.replace("'", "''") + "'"
