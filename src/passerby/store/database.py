"""A DuckDB for a moment: in memory, bounded, without a network. What it must put aside lies in a folder of its own beside the history."""

from pathlib import Path
from typing import Final

import duckdb

from passerby.store.layout import SPILL

MEMORY: Final = "256MB"
"""Most that DuckDB takes for itself; beyond, it writes to the folder `spill` of the history."""


def connection(history: Path | None = None, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, in memory and bounded, that reaches no network and loads nothing.

    Args:
        history: The folder `measurements`, where it may put aside what it has no memory for; None = nowhere.
        threads: How many it may use.
    """
    database = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": MEMORY,
            "temp_directory": "" if history is None else str(history / SPILL),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        },
    )
    # A day's file never changes, so what it says of itself is read once.
    database.execute("SET parquet_metadata_cache = true")
    return database
