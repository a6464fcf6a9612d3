"""A part of the system's that was missing is said at the end, in words that nobody takes for success."""

import re
from pathlib import Path

import pytest

from tests.support.real_parts import PARTS, missing_parts, summary_of

TESTS = Path(__file__).parent


def test_the_tests_that_needed_a_part_are_counted_and_the_worst_comes_first() -> None:
    reasons = [
        "Skipped: no ffmpeg here",
        "Skipped: there is no strace here",
        "Skipped: there is no strace here",
        "Skipped: strace may not trace here",
    ]
    first, second = missing_parts(reasons)
    assert (first.tests, first.reasons) == (3, ("strace may not trace here", "there is no strace here"))
    assert "NOT observed" in first.part
    assert second.tests == 1


def test_what_says_nothing_of_a_part_is_left_out_and_nothing_is_said_where_all_is_there() -> None:
    assert summary_of([]) == []
    assert summary_of(["Skipped: root may write everywhere"]) == []


def test_the_summary_says_what_was_not_observed() -> None:
    lines = summary_of(["Skipped: there is no strace here"] * 9)
    assert len(lines) == 1
    assert re.search(r"^ *9 tests .*strace.*NOT observed", lines[0])


@pytest.mark.parametrize("file", ["support/canary_site.py", "support/rtsp_server.py", "sealed/test_worker_product.py"])
def test_the_reasons_that_the_tests_of_real_parts_give_are_known_here(file: str) -> None:
    said = re.findall(r'(?:skip\(|reason=)"([^"]+)"', (TESTS / file).read_text("utf-8"))
    assert all(any(re.search(pattern, reason, re.IGNORECASE) for pattern in PARTS) for reason in said), said
