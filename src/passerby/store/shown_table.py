"""A sheet as people read it in a terminal: the columns that say most, in line; the accuracy below, once. The other forms have all columns."""

from typing import Final

from passerby.store.sheet import DWELL_NAMES, Cell, Sheet

GAP: Final = ""
ALWAYS: Final = frozenset({"camera", "zone", "line", "begin", "end", "covered_s"})
LEFT_OUT: Final = frozenset({"end", "accuracy", "speed_p10_m_s", "speed_p90_m_s", "east_m_s", "north_m_s", "dwell_merged", *DWELL_NAMES.values()})
TEXTS: Final = frozenset({"camera", "zone", "line", "begin", "service"})


def table_of(sheet: Sheet) -> bytes:
    """The table. Columns that are empty throughout are left out, too; an empty cell is a gap, or not known."""
    if not sheet.rows:
        return b"nothing was measured there"
    shown = [
        number
        for number, name in enumerate(sheet.columns)
        if name not in LEFT_OUT and (name in ALWAYS or any(row[number] is not None for row in sheet.rows))
    ]
    cells = [[sheet.columns[number] for number in shown], *([_text(row[number], sheet.columns[number]) for number in shown] for row in sheet.rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(shown))]
    left = [sheet.columns[number] in TEXTS for number in shown]
    lines = [
        "  ".join(text.ljust(width) if at_left else text.rjust(width) for text, width, at_left in zip(row, widths, left, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join([*lines, "", *_accuracies(sheet)]).encode("utf-8")


def _accuracies(sheet: Sheet) -> list[str]:
    """What is known of the accuracy; in one line where it is the same for all."""
    of_each = {(row[0], row[1]): row[-1] for row in sheet.rows}
    said = set(of_each.values())
    if len(said) == 1:
        return [f"measured accuracy: {said.pop()}"]
    return [f"measured accuracy of {camera} {one}: {words}" for (camera, one), words in of_each.items()]


def _text(cell: Cell, column: str) -> str:
    if cell is None:
        return GAP
    if column == "begin":
        return str(cell).replace("T", " ").replace(":00+", " +").replace(":00-", " -") if "T" in str(cell) else str(cell)
    text = f"{cell:g}" if isinstance(cell, float) else str(cell)
    return text if text.isprintable() else "\N{REPLACEMENT CHARACTER}"
