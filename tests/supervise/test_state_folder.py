import os
import subprocess
import sys
from pathlib import Path

import pytest

from passerby.errors import OutputError
from passerby.supervise.state_folder import LOCK, StateFolder


def test_a_second_supervisor_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "state"), pytest.raises(OutputError, match=rf"another passerby, process {os.getpid()}, uses the state folder"):
        StateFolder(tmp_path / "state")


def test_a_closed_folder_can_be_opened_again(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "state"):
        pass
    with StateFolder(tmp_path / "state") as again:
        assert (again.path / LOCK).read_text("ascii") == f"{os.getpid()}\n"


def test_another_process_that_dies_leaves_no_lock(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from passerby.supervise.state_folder import StateFolder\n"
        "state = StateFolder(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match=f"process {other.pid},"):
            StateFolder(tmp_path)
        other.kill()
        other.wait()
    StateFolder(tmp_path).close()


def test_the_lock_is_not_handed_down_to_processes_that_outlive_us(tmp_path: Path) -> None:
    with StateFolder(tmp_path):
        code = "import sys; print('here', flush=True); sys.stdin.read()"
        heir = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
        assert heir.stdout is not None
        assert heir.stdout.readline() == b"here\n"
    try:
        StateFolder(tmp_path).close()
    finally:
        heir.communicate()


def test_the_folder_is_made_and_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "new" / "state") as state:
        assert state.path.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "ascii")
    with pytest.raises(OutputError, match="cannot be written: Not a directory") as error:
        StateFolder(tmp_path / "file" / "state")
    assert "state_folder" in error.value.hint


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write to")
def test_a_folder_that_takes_no_files_is_a_clear_error() -> None:
    with pytest.raises(OutputError, match="the state folder '/proc/passerby' cannot be written"):
        StateFolder(Path("/proc/passerby"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"):
        StateFolder(tmp_path / "state")
