"""Sessions: who logged in is known again, for so long and no longer."""

import json
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.clock import SimulatedClock
from passerby.serve.accounts.access import cookie_in, cookie_of
from passerby.serve.accounts.rights import Right
from passerby.serve.accounts.sessions import FILE, LASTS_S, MOST, Sessions
from tests.support.guarded_site import OURS, GuardedSite, keep_accounts

HERE = "password-id-of-now"


def begun(sessions: Sessions) -> str:
    secret, kept = sessions.begin(HERE)
    assert kept
    return secret


def test_a_session_is_found_by_what_the_browser_shows_and_by_nothing_else(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / FILE, SimulatedClock(1_000.0))
    secret = begun(sessions)
    assert sessions.find(secret, HERE) is not None
    for wrong in ("", secret[:-1], secret + "A", secret.swapcase(), "A" * 43, f" {secret}", secret + "\n"):
        assert sessions.find(wrong, HERE) is None
    assert sessions.find(secret, "another password") is None


def test_a_session_outlives_a_restart_and_ends_in_time(tmp_path: Path) -> None:
    clock = SimulatedClock(1_000.0)
    secret = begun(Sessions(tmp_path / FILE, clock))
    clock.sleep(LASTS_S - 1)
    again = Sessions(tmp_path / FILE, clock)
    assert again.find(secret, HERE) is not None
    clock.sleep(1)
    assert again.find(secret, HERE) is None
    assert Sessions(tmp_path / FILE, clock).find(secret, HERE) is None


def test_a_clock_that_is_set_back_makes_no_session_longer(tmp_path: Path) -> None:
    secret = begun(Sessions(tmp_path / FILE, SimulatedClock(100_000.0)))
    before = SimulatedClock(50_000.0)
    assert Sessions(tmp_path / FILE, before).find(secret, HERE) is None  # begun in its future: dropped


def test_of_a_session_its_file_holds_a_digest_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    secret = begun(Sessions(tmp_path / FILE, SimulatedClock(1_000.0)))
    assert secret not in (tmp_path / FILE).read_text("utf-8")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format":1}', '{"format":2,"sessions":[]}', "\xff", "[" * 100_000])
def test_a_damaged_file_holds_no_session(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, "latin-1")
    assert len(Sessions(tmp_path / FILE, SimulatedClock(1_000.0))) == 0


def test_there_are_only_so_many_and_the_oldest_goes_first(tmp_path: Path) -> None:
    clock = SimulatedClock(1_000.0)
    sessions = Sessions(tmp_path / FILE, clock)
    secrets = []
    for _ in range(MOST + 1):
        secrets.append(begun(sessions))
        clock.sleep(1)
    assert len(sessions) == MOST
    assert sessions.find(secrets[0], HERE) is None
    assert sessions.find(secrets[1], HERE) is not None


def test_what_cannot_be_written_lives_until_the_restart_and_what_ended_stays_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimulatedClock(1_000.0)
    sessions = Sessions(tmp_path / FILE, clock)
    kept = begun(sessions)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("passerby.serve.accounts.sessions.replace_file", full)
    secret, is_kept = sessions.begin(HERE)
    assert not is_kept
    assert sessions.find(secret, HERE) is not None
    session = sessions.find(kept, HERE)
    assert session is not None
    assert sessions.end(session.digest)
    assert not (tmp_path / FILE).exists()  # it held the session that ended
    assert Sessions(tmp_path / FILE, clock).find(kept, HERE) is None


# Over HTTP


def test_a_login_begins_a_new_session_whatever_was_shown_before(tmp_path: Path) -> None:
    """Session fixation: an id that an attacker planted is never taken over."""
    with GuardedSite(tmp_path) as site:
        planted = "A" * 43
        answer = site.client.post("/login", json={"password": "correct horse battery staple"}, headers={**OURS, "cookie": f"passerby={planted}"})
        given_out = re.match(r"passerby=([A-Za-z0-9_-]{43});", answer.headers["set-cookie"])
        assert given_out is not None
        assert given_out[1] != planted
        with site.new_client() as other:
            assert other.get("/api/cameras", headers={"cookie": f"passerby={planted}"}).status_code == 401


def test_a_second_login_ends_the_session_of_before(tmp_path: Path) -> None:
    with GuardedSite(tmp_path) as site, site.new_client() as other:
        site.log_in()
        other.cookies.update(site.client.cookies)
        site.log_in()
        assert site.client.get("/api/cameras").status_code == 200
        assert other.get("/api/cameras").status_code == 401


def test_logging_out_ends_the_session_and_not_only_the_cookie(tmp_path: Path) -> None:
    with GuardedSite(tmp_path) as site, site.new_client() as other:
        site.log_in()
        other.cookies.update(site.client.cookies)
        answer = site.client.post("/logout", headers=OURS)
        assert (answer.status_code, "Max-Age=0" in answer.headers["set-cookie"]) == (204, True)
        assert other.get("/api/cameras").status_code == 401
        assert json.loads((tmp_path / FILE).read_bytes())["sessions"] == []


def test_another_password_ends_all_sessions(tmp_path: Path) -> None:
    with GuardedSite(tmp_path) as site:
        site.log_in()
        keep_accounts(tmp_path, password="another password altogether")  # noqa: S106 - of tests
        assert site.client.get("/api/cameras").status_code == 401
        assert site.log_in().status_code == 401


def test_who_asks_learns_who_they_are(tmp_path: Path) -> None:
    with GuardedSite(tmp_path) as site:
        before = site.client.get("/api/session").json()
        assert (before["accounts"], before["account"], before["rights"]) == (True, None, [])
        site.log_in()
        after = site.client.get("/api/session").json()
        assert (after["account"], after["by"], after["lasts_s"]) == ("operator", "session", 12 * 3600)
        assert after["rights"] == sorted(Right)


def test_a_cookie_is_http_only_strict_and_of_the_whole_site() -> None:
    assert cookie_of("x", secure=True) == "__Host-passerby=x; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure"
    assert cookie_of("x", secure=False) == "passerby=x; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"


@given(st.text(), st.booleans())
def test_whatever_a_browser_shows_there_is_an_answer(header: str, secure: bool) -> None:
    found = cookie_in(header, secure=secure)
    assert found is None or found in header


def test_cookies_of_others_do_not_hide_ours() -> None:
    assert cookie_in('a="x; passerby=no"; b={}; passerby=yes', secure=False) in {'no"', "yes"}
    assert cookie_in("theme=dark; passerby=yes; x", secure=False) == "yes"
    assert cookie_in("passerby=; passerby=yes", secure=False) == "yes"
    assert cookie_in("xpasserby=no; __Host-passerby=no", secure=False) is None
