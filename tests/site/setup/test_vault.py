"""Passwords in the file of variables: a shell reads back what was put in, and nothing of it is run."""

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from passerby.site.setup.vault import Vault

PRINTABLE = st.text(st.characters(codec="utf-8").filter(str.isprintable), min_size=1, max_size=40)
PRINT = ". ./site.env; printf '%s' \"$PASSERBY_A_PASSWORD\""


@settings(max_examples=30, deadline=None)
@given(PRINTABLE)
@example('$(touch run) `touch run` "$HOME" \\ \\n \'')
@example("! # ; & | > ~ * = \\")
@example(" leading and trailing ")
def test_a_shell_reads_back_every_password_and_runs_nothing(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    folder = tmp_path_factory.mktemp("vault")
    vault = Vault()
    assert vault.keep("a", "PASSWORD", value) == "${PASSERBY_A_PASSWORD}"
    (folder / "site.env").write_text(vault.text("site.toml", "site.env"), "utf-8")
    done = subprocess.run(["sh", "-c", PRINT], cwd=folder, capture_output=True, check=True)
    assert done.stdout.decode() == value
    assert [path.name for path in folder.iterdir()] == ["site.env"]


def test_names_are_variables_of_the_camera_and_never_twice_the_same() -> None:
    vault = Vault()
    names = [vault.keep(camera, "PASSWORD", "x") for camera in ("gate-2", "7", "7", "-", "ld-library")]
    ends = ["GATE_2_PASSWORD", "7_PASSWORD", "7_PASSWORD_2", "CAMERA_PASSWORD", "LD_LIBRARY_PASSWORD"]
    assert names == [f"${{PASSERBY_{end}}}" for end in ends]


def test_what_docker_and_systemd_read_as_it_stands_is_not_quoted() -> None:
    vault = Vault()
    vault.keep("a", "PASSWORD", "abc/DEF+1=")
    assert vault.text("site.toml", "site.env").splitlines()[-1] == "PASSERBY_A_PASSWORD=abc/DEF+1="


def test_a_repr_holds_no_password_and_a_name_of_a_file_ends_no_comment() -> None:
    vault = Vault()
    vault.keep("a", "PASSWORD", "hunter2")
    assert "hunter2" not in repr(vault)
    text = vault.text("a\nB=1.toml", "c\nD=2.env")
    assert [line.partition("=")[0] for line in text.splitlines() if not line.startswith("#")] == ["PASSERBY_A_PASSWORD"]
