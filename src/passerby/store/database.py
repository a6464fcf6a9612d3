"""A DuckDB for a moment: in memory, bounded, without a network. What it must put aside lies in a folder of its own beside the history (`spill`)."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from passerby.store.spill import spill

MEMORY: Final = "256MB"
"""Most that DuckDB takes for itself; beyond, it writes to its folder in the folder `spill` of the history."""


@contextlib.contextmanager
def connection(history: Path | None = None, threads: int = 1) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own, in memory and bounded, that reaches no network and loads nothing.

    Args:
        history: The folder `measurements`, where it may put aside what it has no memory for; None = nowhere.
        threads: How many it may use.
    """
    with contextlib.nullcontext("") if history is None else spill(history) as folder, _connected(folder, threads) as database:
        # A day's file never changes, so what it says of itself is read once.
        database.execute("SET parquet_metadata_cache = true")
        database.execute("SET enable_progress_bar = false")
        yield database


def _connected(folder: str, threads: int) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": MEMORY,
            "temp_directory": folder,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        },
    )
