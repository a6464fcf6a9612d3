"""`passerby account` as people run it."""

import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from passerby.errors import SettingsError
from passerby.serve.accounts.command import account_app
from passerby.serve.accounts.passwords import matches
from passerby.serve.accounts.store import Accounts, read_accounts
from passerby.serve.accounts.tokens import digest_of
from passerby.site.reach import ACCOUNTS
from tests.support.guarded_site import PASSWORD, keep_accounts
from tests.support.site_files import camera_table

PROGRAM = "import sys; from passerby.serve.accounts.command import account_app; account_app(prog_name='passerby account')"


def run(*arguments: str, says: str = "") -> Result:
    return CliRunner().invoke(account_app, arguments, input=says)


def accounts(state: Path) -> Accounts:
    found = read_accounts(state / ACCOUNTS)
    assert isinstance(found, Accounts)
    return found


def test_a_password_comes_by_standard_input_and_is_not_repeated(tmp_path: Path) -> None:
    first = run("password", str(tmp_path), says=PASSWORD + "\r\nmore\n")
    assert (first.exit_code, "from now on, who asks has to log in" in first.output) == (0, True)
    assert PASSWORD not in first.output
    assert matches(accounts(tmp_path).password.hash, PASSWORD)
    again = run("password", str(tmp_path), says=PASSWORD + " again\n")
    assert "all sessions have ended" in again.output
    assert not matches(accounts(tmp_path).password.hash, PASSWORD)


def test_a_site_file_names_the_state_folder_also_before_the_first_run(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(f'[site]\nname = "x"\nstate_folder = "state/of/it"\n[server]\nbehind_proxy = true\n{camera_table()}', "utf-8")
    assert run("password", str(site), says=PASSWORD).exit_code == 0
    assert matches(accounts(tmp_path / "state" / "of" / "it").password.hash, PASSWORD)


def test_a_token_is_printed_once_alone_on_standard_output(tmp_path: Path) -> None:
    keep_accounts(tmp_path)
    added = run("token", "add", str(tmp_path), "wall", "--right", "watch", "--right", "metrics")
    secret = added.stdout.strip()
    assert re.fullmatch(r"passerby_[A-Za-z0-9_-]{43}", secret)
    assert secret not in added.stderr
    (token,) = accounts(tmp_path).tokens
    assert (token.name, token.rights, token.digest) == ("wall", ("metrics", "watch"), digest_of(secret))
    listed = run("token", "list", str(tmp_path))
    assert "wall" in listed.stdout
    assert "metrics, watch" in listed.stdout
    assert token.digest[:12] not in listed.stdout
    assert run("token", "revoke", str(tmp_path), "wall").exit_code == 0
    assert accounts(tmp_path).tokens == ()
    assert "no tokens" in run("token", "list", str(tmp_path)).stdout


def test_a_token_watches_where_nothing_else_is_said(tmp_path: Path) -> None:
    keep_accounts(tmp_path)
    run("token", "add", str(tmp_path), "wall")
    assert accounts(tmp_path).tokens[0].rights == ("watch",)


@pytest.mark.parametrize("right", ["admin", "export", "everything", ""])
def test_a_right_that_no_token_has_is_an_error(tmp_path: Path, right: str) -> None:
    keep_accounts(tmp_path)
    assert isinstance(run("token", "add", str(tmp_path), "wall", "--right", right).exception, SettingsError)
    assert accounts(tmp_path).tokens == ()


def test_where_there_is_no_password_that_is_said(tmp_path: Path) -> None:
    assert "no password" in run("token", "list", str(tmp_path)).stdout
    assert isinstance(run("token", "add", str(tmp_path), "wall").exception, SettingsError)
    assert not (tmp_path / ACCOUNTS).exists()


def test_no_option_and_no_argument_takes_a_secret(tmp_path: Path) -> None:
    for arguments in (("password", str(tmp_path), PASSWORD), ("password", str(tmp_path), "--password", PASSWORD)):
        assert run(*arguments).exit_code == 2
    assert not (tmp_path / ACCOUNTS).exists()


def typed(state: Path, *lines: str) -> tuple[int, str]:
    """What is seen at a terminal while these lines are typed, and the exit code."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "password", str(state)], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        seen = b""
        waiting = list(lines)
        while select.select([ours], [], [], 60)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:
                break
            seen += part
            if seen.endswith(b": ") and waiting:
                os.write(ours, waiting.pop(0).encode() + b"\n")
        code = process.wait(60)
    os.close(ours)
    return code, seen.decode()


def test_at_a_terminal_it_is_asked_for_twice_and_not_seen(tmp_path: Path) -> None:
    code, seen = typed(tmp_path, PASSWORD, PASSWORD)
    assert code == 0, seen
    assert seen.count(": ") >= 2
    assert PASSWORD not in seen
    assert matches(accounts(tmp_path).password.hash, PASSWORD)


def test_two_that_differ_change_nothing(tmp_path: Path) -> None:
    code, seen = typed(tmp_path, PASSWORD, PASSWORD + "x")
    assert code != 0
    assert "not the same" in seen
    assert not (tmp_path / ACCOUNTS).exists()
