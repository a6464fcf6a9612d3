"""Tables are printed whole, however narrow the place is that they are printed to."""

import pytest
from rich.table import Table

from passerby.site.tables import print_whole


@pytest.mark.parametrize("columns", ["20", "300"])
def test_no_cell_is_cut_off_or_folded(columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    table = Table("what", "says", box=None)
    words = "2.9 persons/m2 +-0.3 in 'Platform 1, between the stairs' for 20 s, limit 2.5, and more"
    table.add_row("2b8c8dea08429225", words)
    print_whole(table)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "2b8c8dea08429225" in line]
    assert words in line
