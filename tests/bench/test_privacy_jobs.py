import json
from pathlib import Path
from typing import Any

from bench.privacy_jobs import done, run_lines


def figures(task: int) -> dict[str, Any]:
    return {"squared": task * task}


def unwanted(task: int) -> dict[str, Any]:
    raise AssertionError(f"{task} was worked out before")


def silent(_line: str) -> None: ...


def test_each_figure_is_kept_on_a_line_and_not_worked_out_again(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "lines.jsonl"
    found = run_lines(path, {"a": 2, "b": 3}, figures, 1, silent)
    assert found == [{"name": "a", "squared": 4}, {"name": "b", "squared": 9}]
    assert [json.loads(line) for line in path.read_text().splitlines()] == found
    assert run_lines(path, {"b": 3}, unwanted, 1, silent) == found[1:]


def test_a_run_that_was_broken_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"name": "a", "squared": 4}\n{"name": "b", "squa', encoding="utf-8")
    found = run_lines(path, {"a": 2, "b": 3, "c": 4}, figures, 1, silent)
    assert [one["squared"] for one in found] == [4, 9, 16]
    assert [one["squared"] for one in run_lines(path, {"a": 2, "b": 3, "c": 4}, unwanted, 1, silent)] == [4, 9, 16]


def test_several_processes_give_the_same_results() -> None:
    tasks = {str(number): number for number in range(5)}
    assert dict(done(tasks, abs, 2, silent)) == tasks
