import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.serve.loopback import asks_for_loopback, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "[::1]", "localhost", "LocalHost"])
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.example.org", "localhost.example.org", "1270.0.0.1"])  # noqa: S104
def test_nothing_else_is_taken_for_this_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("header", ["127.0.0.1", "127.0.0.1:8740", "[::1]:8740", "[::1]", "localhost:1"])
def test_requests_for_this_machine_are_answered(header: str) -> None:
    assert asks_for_loopback(header)


@pytest.mark.parametrize(
    "header", ["evil.example:8740", "evil.example", "", ":8740", "127.0.0.1@evil.example", "evil.example:127.0.0.1", "10.0.0.1:8740"]
)
def test_requests_under_another_name_are_not(header: str) -> None:
    assert not asks_for_loopback(header)


@given(st.text())
def test_whatever_stands_in_the_header_there_is_an_answer(header: str) -> None:
    assert asks_for_loopback(header) in {True, False}
