import json
from pathlib import Path
from typing import Any

import pytest

from bench import privacy, use
from bench.privacy_tables import ROWS, heads_exposed, show_clips, show_glyphs, show_missed, summary


def clip(name: str, light: str = "colour", released: float = 0.0, exposed: int = 0, shown: float = 0.97) -> dict[str, Any]:
    tally = {
        "instances": 100,
        "released": 100 * released,
        "worst": 2 * released,
        "worst_s": 1.0,
        "flat": 0.0,
        "heads": 80,
        "exposed": exposed,
        "by_plate": exposed,
    }
    return {
        "name": name,
        "light": light,
        "frames": 100,
        "leak": {"all": tally},
        "still": [{"height_px": 30.0, "posture": 1, "released": 0.5}, {"height_px": 80.0, "posture": 2, "released": 0.01}],
        "use": {
            "background_shown": shown,
            "free_shown": shown,
            "withheld_share": 0.1,
            "complete_s": 70.0,
            "free_shown_by_10_s": [0.0, shown],
            "glyphs": {"all": {"people": 100, "glyphs": 98, "matched": 96}, "known for 2 s": {"people": 90, "glyphs": 0, "matched": 89}},
            "errors_m": {"0.10": 50, "0.40": 46},
            "hazards": [{"kind": "smoke", "at_s": 10.0, "seen_after_s": 3.0}, {"kind": "bag_left", "at_s": 10.0, "seen_after_s": None}],
        },
    }


def row(name: str, clips: list[dict[str, Any]]) -> str:
    return next(row for row in ROWS if row.name.strip().startswith(name)).text(clips)


def test_the_table_says_what_is_missed() -> None:
    good, bad = clip("a"), clip("b", released=0.01, exposed=3, shown=0.5)
    assert row("released person pixels", [good]) == "0.0000 %  "
    assert row("released person pixels", [good, bad]) == "0.5000 % !"
    assert row("of what no static subject holds", [bad]) == "50.00 % !"
    assert row("glyphs: recall", [good]) == "96.00 %  "
    assert row("precision", [good]) == "97.96 %  "
    assert row("median position error", [good]) == "0.11 m  "
    assert row("hazards marked", [good]) == "50.00 %  "
    assert heads_exposed([good, bad]) == 3


def test_infrared_background_counts_apart() -> None:
    assert row("of what no static subject holds", [clip("a"), clip("b", light="infrared", shown=0.2)]) == "97.00 %  "


def test_rows_without_figures_are_a_dash() -> None:
    assert row("during a bump", [clip("a")]).strip() == "-"


def test_use_is_always_printed_beside_the_leak(capsys: pytest.CaptureFixture[str]) -> None:
    show_clips([clip("a"), clip("b", light="dusk")])
    printed = capsys.readouterr().out
    assert "released person pixels" in printed
    assert "glyphs: recall" in printed
    assert "dusk (1)" in printed
    show_glyphs([clip("a")])
    assert "known for 2 s" in capsys.readouterr().out


def test_the_missed_are_told_by_height_with_their_bound(capsys: pytest.CaptureFixture[str]) -> None:
    show_missed([clip("a"), clip("b")])
    printed = capsys.readouterr().out
    assert "2 of 2" in printed
    assert "0 of 2 (<= 77.6 %)" in printed
    assert summary([clip("a")])["missed_by_height_px"]["24-32"] == {"missed": 1, "people": 1, "upper": 1.0}


def test_the_command_asks_for_what_it_is_told(tmp_path: Path) -> None:
    wanted, path = privacy.wanted_from(["--commit", "abc", "--clips", "3", "--only", "clips", "--folder", str(tmp_path)], "")
    assert (wanted.commit, wanted.clips, wanted.parts, wanted.folder) == ("abc", 3, ("clips",), tmp_path)
    assert path.name == "privacy.json"
    small, _ = privacy.wanted_from(["--commit", "abc", "--small"], "")
    assert (small.clips, small.seconds) == (2, 40.0)
    with pytest.raises(SystemExit):
        privacy.wanted_from(["--only", "nonsense"], "")


def test_what_is_kept_belongs_to_one_commit_gate_and_length() -> None:
    one, _ = privacy.wanted_from(["--commit", "abc"], "")
    other, _ = privacy.wanted_from(["--commit", "abd"], "")
    short, _ = privacy.wanted_from(["--commit", "abc", "--seconds", "40"], "")
    assert len({one.kept_as("clips"), other.kept_as("clips"), short.kept_as("clips"), one.kept_as("startup")}) == 4
    assert one.sources == privacy.sources()


def test_use_runs_the_same_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[privacy.Wanted] = []

    def run(wanted: privacy.Wanted) -> dict[str, Any]:
        asked.append(wanted)
        return {"clips": summary([clip("a")])}

    monkeypatch.setattr(use, "run", run)
    monkeypatch.setattr("sys.argv", ["use", "--commit", "abc", "--json", str(tmp_path / "use.json")])
    use.main()
    assert asked[0].parts == ("clips",)
    assert json.loads((tmp_path / "use.json").read_text("utf-8"))["use"]["commit"] == "abc"


def test_who_is_missed_is_told_of_all_only_where_all_were_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy, "run_lines", lambda _path, tasks, *_: [clip(name) for name in tasks])
    found = {}
    for only in ("clips", "startup", "clips,startup"):
        wanted, _ = privacy.wanted_from(["--commit", "abc", "--small", "--only", only, "--folder", str(tmp_path)], "")
        found[only] = privacy.run(wanted)
    assert [list(one) for one in found.values()] == [["clips"], ["startup"], ["clips", "startup", "missed"]]
    assert [found["startup"]["startup"]["24-32"]["people"], found["clips,startup"]["missed"]["24-32"]["people"]] == [3, 5]
