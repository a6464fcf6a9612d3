"""`passerby tally` as people run it."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from passerby.released.measurement import LineMinute, Measurement, ZoneMinute
from passerby.serve.tally.command import tally_command
from passerby.site.reading import read_site
from passerby.store.counted_places import counted_places
from passerby.store.history import History
from passerby.store.places import place_of
from passerby.store.question import Table
from passerby.store.tallies import TALLIES, Tallies
from passerby.store.tally import Tap, What
from tests.support.site_files import camera_table

NOON_S = 1_795_435_200
ZONE = '[[zone]]\ncamera = "gate-1"\nid = "stairs"\npolygon = [[100, 300], [400, 300], [400, 500], [100, 500]]\n'
LINE = '[[line]]\ncamera = "gate-1"\nid = "door"\npoints = [[100, 300], [400, 320]]\n'
HEAD = '[site]\nname = "Station"\nstate_folder = "state"\ntime_zone = "Europe/Berlin"\n'


def run(folder: Path, text: str) -> str:
    path = folder / "site.toml"
    path.write_text(text, "utf-8")
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(tally_command)
    result = CliRunner().invoke(app, [str(path)])
    assert result.exit_code == 0, result.exception
    return result.output


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("", ["http://127.0.0.1:8740/tally", "Only this machine"]),
        ("behind_proxy = true", ["the address of your proxy"]),
        ('behind_proxy = true\nnames = ["passerby.example"]', ["https://passerby.example/tally"]),
        ('address = "127.0.0.1:0"', ["that passerby run prints"]),
    ],
)
def test_the_address_is_that_which_a_phone_opens(tmp_path: Path, server: str, words: list[str]) -> None:
    output = run(tmp_path, f"{HEAD}[server]\n{server}\n{camera_table()}")
    for word in words:
        assert word in output
    assert "nothing to count" in output


def test_what_was_counted_is_listed_with_the_accuracy_that_follows(tmp_path: Path) -> None:
    text = HEAD + camera_table() + ZONE + LINE
    assert run(tmp_path, text).count("not yet validated") == 2
    site = read_site(tmp_path / "site.toml")
    (zone, _line) = counted_places(site)
    history = History(place_of(site).folder)
    history.add(Measurement("gate-1", NOON_S + 60 * n, 60.0, 0, (ZoneMinute("stairs", 2.0, 2, 2),), (LineMinute("door", 0, 0),)) for n in range(12))
    Tallies(site.state_folder / TALLIES).add(
        Tap(
            id=f"{n:016x}",
            sitting="5" * 16,
            table=Table.ZONES,
            camera="gate-1",
            place="stairs",
            shape=zone.shape,
            what=What.NOW,
            wall_s=NOON_S + 60.0 * n,
            received_s=NOON_S + 60.0 * n,
            people=3,
        )
        for n in range(12)
    )
    output = run(tmp_path, text)
    assert "zone gate-1 stairs: 12 stamps in 1 sitting, 2026-11-23 13:00:00+0100 to 2026-11-23 13:11:00+0100" in output
    assert "measured accuracy: MAE 1.0 persons (95 % 0.8 to 1.2), bias -1.0 (-1.2 to -0.8), 12 tallies of 2026-11-23" in output
    assert "line gate-1 door: no tallies\n    measured accuracy: not yet validated" in output
    drawn_anew = run(tmp_path, text.replace("[400, 500]", "[410, 500]"))
    assert "12 stamps in 1 sitting, 12 of them from before it was drawn anew" in drawn_anew
    assert "MAE" not in drawn_anew
