"""`passerby query`: forms, files, and mistakes in words."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
from typer.testing import CliRunner

from passerby.errors import InputError, OutputError, SettingsError, UserError
from passerby.store.command import query_command
from tests.support.measured import kept
from tests.support.site_files import SITE, camera_table, write_site

RANGE = ["--from", "2026-11-23", "--to", "2026-11-23T04:00"]
APP = typer.Typer()
APP.command()(query_command)


def asked(*words: object) -> str:
    """What `passerby query` prints; raises what it raises."""
    done = CliRunner().invoke(APP, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def state(tmp_path: Path) -> Path:
    kept(tmp_path / "state" / "measurements", compacted=True)
    return tmp_path / "state"


def test_it_answers_in_the_sites_time_zone(state: Path, tmp_path: Path) -> None:
    text = SITE + 'time_zone = "Europe/Berlin"\nstate_folder = "state"\n' + camera_table("gate")
    spans = json.loads(asked(write_site(tmp_path, text), "--lines", *RANGE, "--format", "json"))["spans"]
    assert [(span["begin"], span["covered_s"]) for span in spans] == [
        (f"2026-11-23T0{hour}:00:00+01:00", seen) for hour, seen in enumerate([0, 3600, 3600, 0])
    ]


def test_a_table_says_what_was_not_seen_and_that_nothing_is_validated(state: Path) -> None:
    told = asked(state, "--zones", *RANGE)
    assert "measured accuracy: not yet validated" in told
    assert [line.split()[-1] for line in told.splitlines()[3:5]] == ["0", "0"]


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_file_is_written_as_a_whole_and_never_replaced_unasked(state: Path, tmp_path: Path, form: str) -> None:
    target = tmp_path / f"out.{form}"
    asked(state, "--lines", *RANGE, "--format", form, "-o", target)
    before = target.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        asked(state, "--lines", *RANGE, "--format", form, "-o", target)
    assert target.read_bytes() == before
    asked(state, "--lines", *RANGE, "--format", form, "-o", target, "--overwrite")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([target.name, "state"])
    if form == "parquet":
        with duckdb.connect() as theirs:
            assert theirs.execute("SELECT sum(ab) FROM read_parquet(?)", [str(target)]).fetchall() == [(360,)]


def test_heat_is_a_picture_or_a_file(state: Path, tmp_path: Path) -> None:
    assert "7200 of 14400 s were seen" in asked(state, "--heat", "--camera", "gate", *RANGE)
    told = json.loads(asked(state, "--heat", "--camera", "gate", *RANGE, "--format", "json"))
    assert (told["camera"], told["time_zone"], told["covered_s"], told["grids"][0]["person_s"][15][21]) == ("gate", "UTC", 7200, 480)
    target = tmp_path / "heat.parquet"
    asked(state, "--heat", "--camera", "gate", *RANGE, "--format", "parquet", "-o", target)
    with duckdb.connect() as theirs:
        assert theirs.execute("SELECT sum(person_s) FROM read_parquet(?)", [str(target)]).fetchall() == [(480,)]


WRONG: list[tuple[list[str], type[UserError], str]] = [
    ([], SettingsError, "say what is asked for"),
    (["--zones", "--lines"], SettingsError, "say what is asked for"),
    (["--zones", "--heat", "--camera", "gate"], SettingsError, "say what is asked for"),
    (["--heat"], SettingsError, "of one camera"),
    (["--heat", "--camera", "gate", "--weekdays"], SettingsError, "adds up the whole range"),
    (["--heat", "--camera", "gate", "--id", "hall"], SettingsError, "adds up the whole range"),
    (["--heat", "--camera", "gate", "--every", "day"], SettingsError, "adds up the whole range"),
    (["--heat", "--camera", "../../etc/passwd"], SettingsError, "no id"),
    (["--heat", "--camera", "gate", "--format", "parquet"], SettingsError, "not for a terminal"),
    (["--zones", "--format", "parquet"], SettingsError, "not for a terminal"),
    (["--zones", "--from", "yesterday"], SettingsError, "is no time"),
    (["--zones", "--from", "2026-11-24", "--to", "2026-11-23"], SettingsError, "not after its beginning"),
    (["--zones", "--from", "0001-01-01", "--to", "2026-11-23"], SettingsError, "1970"),
    (["--zones", "--from", "1980-01-01", "--every", "minute"], SettingsError, "more than"),
    (["--zones", "--id", "hall'; DROP TABLE zones; --"], SettingsError, "no id"),
    (["--zones", "--camera", "../../etc/passwd"], SettingsError, "no id"),
    (["--zones", "--id", "x" * 41], SettingsError, "no id"),
]


@pytest.mark.parametrize(("words", "kind", "says"), WRONG, ids=[" ".join(words) for words, _, _ in WRONG])
def test_a_mistake_is_told_in_words(state: Path, words: list[str], kind: type[UserError], says: str) -> None:
    with pytest.raises(kind, match=says):
        asked(state, *words)


def test_a_folder_without_measurements_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no measurements"):
        asked(tmp_path, "--zones")


def test_a_day_that_is_damaged_is_an_error_and_no_gap(state: Path) -> None:
    for path in (state / "measurements" / "zones").glob("*.parquet"):
        path.write_bytes(b"PAR1 nothing of that kind PAR1")
    with pytest.raises(InputError, match="cannot be read"):
        asked(state, "--zones", *RANGE)


def test_help_loads_no_database() -> None:
    code = "import sys, passerby.store.command; print('duckdb' in sys.modules)"
    done: Any = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
