import json
from pathlib import Path

import pytest

from bench.results import keep, keep_parts, percent, show


def test_results_are_kept_with_their_machine_and_without_nan(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.json"
    keep(path, {"leak": {"share": float("nan"), "runs": [1.23456789, (2, "x")]}})
    kept = json.loads(path.read_text())
    assert kept["leak"] == {"share": None, "runs": [1.234568, [2, "x"]]}
    assert kept["machine"]["cores"] >= 1
    assert {"cpu", "date", "versions"} <= kept["machine"].keys()


def test_a_table_in_a_pipe_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    show("title", ["name", "x" * 100], [["row", "y" * 100]])
    said = capsys.readouterr().out
    assert "x" * 100 in said
    assert "y" * 100 in said


def test_a_share_that_is_not_known_is_a_dash() -> None:
    assert (percent(0.12345), percent(0.5, 0), percent(float("nan"))) == ("12.35 %", "50 %", "-")


def test_a_run_of_one_part_leaves_what_was_measured_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "out" / "counts.json"
    keep_parts(path, {"cost": {"ms": 2.0}, "quiet": {"share": 1.0}}, small=False)
    keep_parts(path, {"cost": {"ms": 1.5}}, small=True)
    parts = json.loads(path.read_text("utf-8"))["parts"]
    assert {name: (part["found"], part["small"]) for name, part in parts.items()} == {"cost": ({"ms": 1.5}, True), "quiet": ({"share": 1.0}, False)}
    assert all(part["machine"]["date"] for part in parts.values())
    path.write_text("damaged")
    keep_parts(path, {"cost": None})
    assert set(json.loads(path.read_text("utf-8"))["parts"]) == {"cost"}
