"""A sheet as a Parquet file, for programs of others."""

from pathlib import Path
from typing import Final

import duckdb

from passerby.errors import OutputError
from passerby.store.database import connection
from passerby.store.sheet import DWELL_NAMES, WHOLE, Sheet, csv_of
from passerby.store.tables import quoted

_TEXTS: Final = frozenset({"camera", "zone", "line", "service", "dwell_merged", "accuracy"})
_TIMES: Final = frozenset({"begin", "end"})
CELL: Final = frozenset({"cell_px", "row", "column"})
"""Which cell of a heat grid."""


def write_parquet(sheet: Sheet, path: Path, *, weekdays: bool = False) -> None:
    """Writes the file. Times are TIMESTAMPTZ, in UTC as Parquet keeps them; of the mean week they are texts.

    Args:
        sheet: What is written.
        path: Where to; it is there, or may be made.
        weekdays: Whether it is of the mean week.

    Raises:
        OutputError: It cannot be written.
    """
    whole = {DWELL_NAMES.get(name, name) for name in WHOLE} | CELL

    def kind(name: str) -> str:
        if name in _TEXTS or (weekdays and name in _TIMES):
            return "VARCHAR"
        if name in _TIMES:
            return "TIMESTAMPTZ"
        return "BIGINT" if name in whole else "DOUBLE"

    rows = path.with_name(path.name + ".rows")
    columns = ", ".join(f"{quoted(name)}: {quoted(kind(name))}" for name in sheet.columns)
    try:
        try:
            rows.write_bytes(csv_of(sheet))
            with connection() as database:
                database.execute(
                    f"COPY (SELECT * FROM read_csv({quoted(str(rows))}, header = true, auto_detect = false, delim = ',', quote = '\"', "
                    f"escape = '\"', columns = {{{columns}}})) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)"
                )
        finally:
            rows.unlink(missing_ok=True)
    except (OSError, duckdb.Error) as error:
        raise OutputError(f"{path}: cannot be written as Parquet: {type(error).__name__}", "write to another disk or folder") from error
