"""What is kept of accounts, and how it changes."""

import errno
import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.clock import SimulatedClock
from passerby.errors import OutputError, ReceiptError, SettingsError
from passerby.record.receipts import Act, read_receipts
from passerby.serve.accounts import changes as changes_module
from passerby.serve.accounts.changes import AccountChanges, account_changes
from passerby.serve.accounts.passwords import LEAST_LETTERS, MOST_LETTERS, matches, password_of, require_password
from passerby.serve.accounts.rights import Right
from passerby.serve.accounts.store import Accounts, AccountsNow, Closed, _parsed, read_accounts
from passerby.serve.accounts.tokens import MOST_TOKENS, PREFIX, digest_of, new_token, token_in
from passerby.site.reach import ACCOUNTS
from tests.support.guarded_site import PASSWORD, keep_accounts

WATCH = frozenset({Right.WATCH})


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one takes a fifth of a second each time; tests/serve/accounts/test_login.py looks at it."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - of use here only

    monkeypatch.setattr(changes_module, "hash_of", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash)


@pytest.fixture
def changes(tmp_path: Path) -> Iterator[AccountChanges]:
    with account_changes(tmp_path / "state", SimulatedClock(1_000.0), "anna") as changes:
        yield changes


def kept(folder: Path) -> Accounts:
    found = read_accounts(folder / "state" / ACCOUNTS)
    assert isinstance(found, Accounts)
    return found


def test_a_password_and_tokens_are_kept_as_what_cannot_be_turned_back(tmp_path: Path, changes: AccountChanges) -> None:
    assert not changes.set_password(PASSWORD)
    token = changes.add_token("wall", WATCH)
    text = (tmp_path / "state" / ACCOUNTS).read_text("utf-8")
    assert PASSWORD not in text
    assert token not in text
    assert token.removeprefix(PREFIX) not in text
    assert matches(kept(tmp_path).password.hash, PASSWORD)
    assert kept(tmp_path).tokens[0].digest == digest_of(token)
    assert stat.S_IMODE((tmp_path / "state" / ACCOUNTS).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_only_its_owner_reads_it_whatever_the_umask(tmp_path: Path, changes: AccountChanges) -> None:
    before = os.umask(0)
    try:
        changes.set_password(PASSWORD)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state" / ACCOUNTS).stat().st_mode) == 0o600


def test_each_change_is_written_down_with_who_and_no_secret(tmp_path: Path, changes: AccountChanges) -> None:
    changes.set_password(PASSWORD)
    token = changes.add_token("wall", frozenset({Right.WATCH, Right.METRICS}))
    changes.revoke_token("wall")
    changes.set_password(PASSWORD + " again")
    receipts = read_receipts(tmp_path / "state" / "receipts.jsonl")
    assert [(one.kind, one.by, one.wall_s) for one in receipts] == [(Act.ACCOUNTS, "anna", 1_000.0)] * 4
    assert [one.why.partition(":")[0] for one in receipts] == ["password set", "token wall added", "token wall revoked", "password set anew"]
    text = (tmp_path / "state" / "receipts.jsonl").read_text("utf-8")
    assert PASSWORD not in text
    assert token not in text


def test_a_change_that_cannot_be_written_down_is_refused(tmp_path: Path, changes: AccountChanges) -> None:
    changes.set_password(PASSWORD)
    changes.add_token("wall", WATCH)
    before = (tmp_path / "state" / ACCOUNTS).read_bytes()
    receipts = tmp_path / "state" / "receipts.jsonl"
    receipts.unlink()
    receipts.mkdir()
    for change in (lambda: changes.set_password(PASSWORD + "x"), lambda: changes.add_token("other", WATCH), lambda: changes.revoke_token("wall")):
        with pytest.raises(ReceiptError, match="receipts cannot be written"):
            change()
    assert (tmp_path / "state" / ACCOUNTS).read_bytes() == before


def test_what_cannot_be_kept_is_refused_and_leaves_what_was(tmp_path: Path, changes: AccountChanges) -> None:
    changes.set_password(PASSWORD)
    before = (tmp_path / "state" / ACCOUNTS).read_bytes()
    (tmp_path / "state" / f"{ACCOUNTS}.tmp").mkdir()  # nothing can be written under that name
    with pytest.raises(OutputError):
        changes.add_token("wall", WATCH)
    assert (tmp_path / "state" / ACCOUNTS).read_bytes() == before


def test_a_state_folder_that_cannot_be_written_refuses_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"), account_changes(tmp_path / "file" / "state", SimulatedClock(), "anna"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_state_folder_of_another_user_is_left_alone(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    with pytest.raises(OutputError, match="belongs to another user, number 12345"), account_changes(tmp_path, SimulatedClock(), "anna"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_two_that_change_at_once_lose_nothing(tmp_path: Path) -> None:
    with account_changes(tmp_path / "state", SimulatedClock(), "anna") as first:
        first.set_password(PASSWORD)

    def add(number: int) -> None:
        with account_changes(tmp_path / "state", SimulatedClock(), "anna") as changes:
            changes.add_token(f"token-{number}", WATCH)

    crowd = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert {token.name for token in kept(tmp_path).tokens} == {f"token-{number}" for number in range(8)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "12 to 256"),
        ("x" * (LEAST_LETTERS - 1), "12 to 256"),
        ("abcdefghijk", "12 to 256"),
        ("abcdefgh" * 40, "12 to 256"),
        ("abababababab", "5 different"),
        ("aAaAbBbBcCcC", "5 different"),
        ("correct\thorse battery", "control"),
    ],
)
def test_what_is_no_good_password_is_refused_without_being_quoted(changes: AccountChanges, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as failed:
        changes.set_password(text)
    assert not text or text not in str(failed.value)


@given(st.text(min_size=LEAST_LETTERS, max_size=MOST_LETTERS // 4))
def test_a_password_is_the_same_however_its_letters_are_put_together(text: str) -> None:
    try:
        password = require_password(text)
    except SettingsError:
        return
    assert password_of(password) == password


def test_a_letter_in_two_parts_is_that_letter() -> None:
    assert require_password("cafe\u0301 con leche") == require_password("caf\u00e9 con leche")


@pytest.mark.parametrize("name", ["", "Wall", "wall 1", "../x", "x" * 41, "w\u00e4nd", "a\n"])
def test_a_name_that_is_none_is_refused(changes: AccountChanges, name: str) -> None:
    changes.set_password(PASSWORD)
    with pytest.raises(SettingsError, match="1 to 40"):
        changes.add_token(name, WATCH)


@pytest.mark.parametrize("rights", [(), (Right.ADMIN,), (Right.EXPORT, Right.WATCH)])
def test_a_token_gets_no_right_that_changes_something(changes: AccountChanges, rights: tuple[Right, ...]) -> None:
    changes.set_password(PASSWORD)
    with pytest.raises(SettingsError, match=r"a token's rights are .*metrics, recordings, watch"):
        changes.add_token("wall", frozenset(rights))


def test_tokens_have_names_of_their_own_and_are_bounded(changes: AccountChanges) -> None:
    with pytest.raises(SettingsError, match="no password yet"):
        changes.add_token("wall", WATCH)
    changes.set_password(PASSWORD)
    for number in range(MOST_TOKENS):
        changes.add_token(f"token-{number}", WATCH)
    with pytest.raises(SettingsError, match="already"):
        changes.add_token("token-3", WATCH)
    with pytest.raises(SettingsError, match="the most"):
        changes.add_token("one-more", WATCH)
    with pytest.raises(SettingsError, match="no token of that name"):
        changes.revoke_token("elsewhere")


def test_what_is_damaged_is_not_written_over(tmp_path: Path, changes: AccountChanges) -> None:
    path = tmp_path / "state" / ACCOUNTS
    path.write_text("{")
    for change in (lambda: changes.set_password(PASSWORD), lambda: changes.add_token("wall", WATCH), lambda: changes.revoke_token("wall")):
        with pytest.raises(SettingsError, match="damaged"):
            change()
    assert path.read_text() == "{"


# Reading


def test_a_change_is_seen_at_once(tmp_path: Path) -> None:
    now = AccountsNow(tmp_path / ACCOUNTS)
    assert now.now() is None
    keep_accounts(tmp_path, {"wall": (Right.WATCH,)})
    first = now.now()
    assert isinstance(first, Accounts)
    assert now.now() is first  # not read again
    keep_accounts(tmp_path, {"wall": (Right.WATCH,)})
    assert now.now() != first
    (tmp_path / ACCOUNTS).unlink()
    assert now.now() == Closed("accounts.json is gone")


@given(st.binary(max_size=300))
def test_whatever_stands_in_the_file_it_is_read_or_refused(data: bytes) -> None:
    assert _parsed(data) is None


@given(data=st.data())
def test_a_file_with_a_letter_changed_opens_no_other_door(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.getbasetemp()
    tokens = keep_accounts(folder, {"wall": (Right.WATCH,)})
    good = (folder / ACCOUNTS).read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    found = _parsed(good[:at] + data.draw(st.binary(max_size=2)) + good[at + 1 :])
    if found is not None:
        assert all(set(token.rights) <= {Right.WATCH, Right.METRICS, Right.RECORDINGS} for token in found.tokens)
        assert json.loads(good)["tokens"][0]["digest"] == digest_of(tokens["wall"])


# Tokens


def test_tokens_are_long_differ_and_are_known_by_their_beginning() -> None:
    tokens = {new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(token.startswith(PREFIX) and len(token) == len(PREFIX) + 43 for token in tokens)


def test_a_token_is_taken_from_bearer_and_from_basic() -> None:
    token = new_token()
    import base64  # noqa: PLC0415 - of use here only

    assert token_in(f"Bearer {token}") == token
    assert token_in(f"bearer  {token} ") == token
    assert token_in("Basic " + base64.b64encode(f"frigate:{token}".encode()).decode()) == token
    assert token_in("Basic " + base64.b64encode(token.encode()).decode()) is None
    assert token_in(token) is None


@given(st.text())
def test_whatever_stands_in_the_header_there_is_an_answer(header: str) -> None:
    for shown in (header, f"Basic {header}", f"Bearer {header}"):
        assert token_in(shown) is None or PREFIX in shown or shown.startswith("Basic")


def test_what_the_system_could_not_read_once_is_read_again(tmp_path: Path, changes: AccountChanges, monkeypatch: pytest.MonkeyPatch) -> None:
    changes.set_password(PASSWORD)
    now = AccountsNow(tmp_path / "state" / ACCOUNTS)
    opened = os.open

    def too_many(path: object, flags: int, *more: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("passerby.serve.accounts.store.os.open", too_many)
    assert isinstance(now.now(), Closed)
    monkeypatch.setattr("passerby.serve.accounts.store.os.open", opened)
    assert isinstance(now.now(), Accounts)
