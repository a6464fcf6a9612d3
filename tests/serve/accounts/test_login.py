"""Logging in: brute force, crowds, and what is told of it."""

import asyncio
import json
import threading
import time
from pathlib import Path

import httpx
import pytest

from passerby.clock import SimulatedClock, SystemClock
from passerby.serve.accounts import passwords
from passerby.serve.accounts.access import Access
from passerby.serve.accounts.limits import LOGIN
from passerby.serve.accounts.passwords import MOST_WAITING, BusyError, PasswordChecks
from passerby.site.settings import Server
from tests.support.guarded_site import NAME, OURS, PASSWORD, THROUGH_PROXY, GuardedSite, keep_accounts
from tests.support.journals import KeptJournal


def test_the_password_opens_and_another_does_not(tmp_path: Path) -> None:
    with GuardedSite(tmp_path) as site:
        for wrong in ("", "x", PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), "\x00", "\ud7ff", "x" * 3000):
            assert site.try_password(wrong).status_code in {401, 429}
        site.door.access._logins.forgive("127.0.0.1")
        assert site.log_in().status_code == 204


def test_a_password_that_is_guessed_is_heard_a_few_times_and_then_seldom(tmp_path: Path) -> None:
    clock = SimulatedClock(1_000.0)
    with GuardedSite(tmp_path, clock=clock) as site:
        answers = [site.try_password(f"guess {number}").status_code for number in range(LOGIN.burst + 3)]
        assert answers == [401] * LOGIN.burst + [429] * 3
        refused = site.log_in()  # the right one is not heard either
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= LOGIN.every_s
        clock.sleep(LOGIN.every_s)
        assert site.try_password("guess").status_code == 401
        assert site.try_password("guess").status_code == 429
        clock.sleep(LOGIN.every_s)
        assert site.log_in().status_code == 204
        assert site.try_password("guess").status_code == 401  # whoever knew it begins anew


def test_who_guesses_at_once_gets_no_more_tries(tmp_path: Path) -> None:
    with GuardedSite(tmp_path) as site:
        answers: list[int] = []

        def guess() -> None:
            answers.append(httpx.post(f"{site.server.address}login", json={"password": "guess"}, headers=OURS, timeout=30).status_code)

        crowd = [threading.Thread(target=guess) for _ in range(20)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
        assert answers.count(401) + answers.count(503) <= LOGIN.burst
        assert answers.count(429) >= 20 - LOGIN.burst - 1


def test_one_network_that_guesses_keeps_no_other_out(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, Server(behind_proxy=True, names=(NAME,))) as site:
        answers = []
        for number in range(LOGIN.burst + 1):
            # Addresses of one /64 are one network; what is made up before the proxy's own word changes nothing.
            asker = {**THROUGH_PROXY, "x-forwarded-for": f"198.51.100.{number}, 2001:db8::{number:x}"}
            answers.append(site.try_password("guess", headers=asker).status_code)
        assert answers == [401] * LOGIN.burst + [429]
        assert site.log_in(headers={**THROUGH_PROXY, "x-forwarded-for": "2001:db8:0:1::1"}).status_code == 204


def test_checks_run_one_after_another_and_only_a_few_wait() -> None:
    running, most, lock = 0, 0, threading.Lock()
    free = threading.Event()

    def check(_kept: str, _text: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        free.wait(20)
        with lock:
            running -= 1
        return True

    async def crowd() -> list[bool | BaseException]:
        checks = PasswordChecks(check)
        asked = [asyncio.ensure_future(checks.matches("", "")) for _ in range(MOST_WAITING + 5)]
        await asyncio.sleep(0)
        free.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = asyncio.run(crowd())
    assert answers.count(True) == MOST_WAITING
    assert sum(isinstance(one, BusyError) for one in answers) == 5
    assert most == 1


def test_a_check_holds_up_nobody_who_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, free = threading.Event(), threading.Event()

    def slow(_kept: str, _text: str) -> bool:
        begun.set()
        return free.wait(30)

    with GuardedSite(tmp_path) as site, site.new_client() as other:
        site.log_in()
        monkeypatch.setattr(site.door.access, "_checks", PasswordChecks(slow))
        logging_in = threading.Thread(target=lambda: site.try_password("guess", other))
        logging_in.start()
        assert begun.wait(20)
        assert site.client.get("/api/cameras").status_code == 200
        free.set()
        logging_in.join()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"password": 3}', b'{"password": null}', b'{"password": ["x"]}', b"[" * 4000, b"\xff", b" " * 5000],
)
def test_what_is_no_password_in_json_is_refused_without_a_word_of_it(tmp_path: Path, body: bytes) -> None:
    with GuardedSite(tmp_path) as site:
        answer = site.client.post("/login", content=body, headers={**OURS, "content-type": "application/json"})
        assert (answer.status_code, answer.json()["detail"]) == (400, "That is no JSON with a password.")
        form = site.client.post("/login", data={"password": PASSWORD}, headers=OURS)
        assert form.status_code == 400


def test_an_answer_to_a_wrong_password_tells_nothing_of_it(tmp_path: Path) -> None:
    with GuardedSite(tmp_path) as site:
        answer = site.try_password("<script>alert('hunter2')</script>")
        assert "hunter2" not in answer.text + str(answer.headers)
        assert "set-cookie" not in answer.headers


def test_the_journal_tells_of_logins_and_of_nothing_that_was_shown(tmp_path: Path) -> None:
    with GuardedSite(tmp_path) as site:
        site.try_password("hunter2 is my password")
        site.log_in()
        assert [event for _, event, _ in site.journal.events] == ["login refused", "logged in"]
        told = repr(site.journal.events)
        assert "hunter2" not in told
        assert PASSWORD not in told
        assert not any(secret in told for secret in site.client.cookies.values())


def test_a_password_that_changes_while_it_is_checked_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with GuardedSite(tmp_path) as site:

        def change(_kept: str, _text: str) -> bool:
            keep_accounts(tmp_path, password="another password altogether")  # noqa: S106 - of tests
            return True

        monkeypatch.setattr(site.door.access, "_checks", PasswordChecks(change))
        assert site.log_in().status_code == 401


def test_the_real_hash_takes_its_time_and_the_same_for_right_and_wrong() -> None:
    kept = passwords.hash_of(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    took = {True: 0.0, False: 0.0}
    for text, right in ((PASSWORD, True), ("x", False), (PASSWORD, True), (PASSWORD[:-1], False)):
        begun_s = time.process_time()
        assert passwords.matches(kept, text) is right
        took[right] += time.process_time() - begun_s
    assert took[False] > took[True] / 4  # a wrong one is not refused early


def test_rights_and_accounts_show_no_secret_of_themselves(tmp_path: Path) -> None:
    keep_accounts(tmp_path)
    access = Access(tmp_path, others_reach_it=False, clock=SystemClock(), journal=KeptJournal())
    accounts = access.accounts()
    assert "argon2" not in repr(accounts)
    assert json.loads((tmp_path / "accounts.json").read_bytes())["password"]["hash"] not in repr(accounts)
