"""Durations and sizes as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.site.durations import DURATION_UNITS, bytes_of, duration_text, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("72 h", 259200),
        ("30 days", 2592000),
        ("90 s", 90),
        ("1 day", 86400),
        ("1.5h", 5400),
        ("2 weeks", 1209600),
        ("5 min", 300),
        ("2 years", 730 * 86400),
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["72", "h", "-1 h", "1e3 s", "1 H", " 1 h", "1 h\n", "1  h", "1 month", "٣ h", "", "1 m"])
def test_what_is_no_duration_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=r"^no duration$"):
        seconds_of(text)


@pytest.mark.parametrize(("text", "size"), [("2 GB", 2 * 10**9), ("500 MiB", 500 * 2**20), ("1.5TB", 15 * 10**11), ("0 MB", 0)])
def test_a_size_is_read(text: str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["2", "2 gb", "2 kB", "-2 GB", "2 GB\n"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^no size$"):
        bytes_of(text)


@given(st.integers(1, 10_000), st.sampled_from(sorted(DURATION_UNITS)))
def test_a_duration_that_is_shown_reads_as_itself(count: int, unit: str) -> None:
    duration_s = seconds_of(f"{count} {unit}")
    assert seconds_of(duration_text(duration_s)) == duration_s


def test_a_duration_is_shown_in_its_largest_whole_unit() -> None:
    assert [duration_text(s) for s in (259200, 86400, 5400, 3600, 90, 61)] == ["3 days", "1 day", "90 min", "1 h", "90 s", "61 s"]
