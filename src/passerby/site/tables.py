"""Tables that are printed whole: where a terminal is narrower, or nobody knows how wide it is, lines are longer than it rather than cut off."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.table import Table

WIDEST: Final = 1000


def print_whole(table: "Table") -> None:
    """Prints a table on standard output as wide as it needs to be; no cell is cut off or folded."""
    from rich.console import Console  # noqa: PLC0415 - for commands only
    from rich.measure import Measurement  # noqa: PLC0415

    console = Console()
    needed = Measurement.get(console, console.options.update(width=WIDEST), table).maximum
    Console(width=max(console.width, needed)).print(table, crop=False, highlight=False)
