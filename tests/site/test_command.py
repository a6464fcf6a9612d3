"""`passerby check`: all problems with their lines, the plan in a table, and not a secret anywhere."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from passerby.errors import SettingsError, SiteError
from passerby.released.messages import ProbeResult, Reason
from passerby.site.command import check_command
from passerby.site.orders import CameraOrder
from tests.support.site_files import SITE, camera_table, login, write_site

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs `passerby check`; gives the exit code, what was told, and what went wrong."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(path: Path | None = None, **options: bool) -> tuple[int, str, str]:
        code = 0
        try:
            check_command(path=path, **{"probe": False, "secrets": True, "schema": False, **options})
        except typer.Exit as done:
            code = done.exit_code
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_a_good_site_is_shown_as_it_will_run(check: Check, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    text = SITE + "workers = 1\n" + camera_table(source="rtsp://10.0.0.5:554/hunter2", retention='"48 h"') + camera_table("clip", source="clip.mp4")
    code, told, wrong = check(write_site(tmp_path, text))
    assert (code, wrong) == (0, "")
    rows = [line.split() for line in told.splitlines()]
    assert ["gate-1", "gate-1", "rtsp://10.0.0.5:554", "glyphs", "2", "days", "1"] in rows
    assert ["clip", "clip", "file", "clip.mp4", "glyphs", "3", "days", "1"] in rows
    assert "2 cameras in 1 process," in told
    assert "hunter2" not in told


def test_every_problem_is_told_with_its_line_what_belongs_there_and_a_hint(check: Check, tmp_path: Path) -> None:
    code, told, wrong = check(write_site(tmp_path, SITE + camera_table(settle_s="0", reteniton='"1 h"')))
    assert (code, told) == (2, "")
    assert "site.toml: 2 problems" in wrong
    assert "line 8: camera[0].settle_s\n    expected a number from 1 to 3600, not 0\n    20 is right for most places" in wrong
    assert "line 9: camera[0].reteniton\n    expected a key that there is\n    did you mean 'retention'?" in wrong


def test_secrets_that_are_missing_are_problems_unless_they_are_left_out(check: Check, tmp_path: Path) -> None:
    path = write_site(tmp_path, SITE + camera_table(**login("viewer", "${PASSERBY_TEST_ABSENT}")))
    code, _, wrong = check(path)
    assert code == 2
    assert "line 9: camera[0].password\n    expected the environment variable PASSERBY_TEST_ABSENT to be set" in wrong
    assert check(path, secrets=False)[0] == 0


def test_secrets_that_are_missing_are_told_together_with_what_else_is_wrong(check: Check, tmp_path: Path) -> None:
    text = SITE + camera_table("a", settle_s="0", **login("viewer", "${PASSERBY_TEST_ABSENT}")) + camera_table("b", **login("viewer", file="absent"))
    code, _, wrong = check(write_site(tmp_path, text))
    assert code == 2
    assert "3 problems" in wrong
    for key in ("camera[0].settle_s", "camera[0].password", "camera[1].password_file"):
        assert key in wrong


def test_what_is_allowed_but_unwise_is_a_note(check: Check, tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("hunter2\n")
    (tmp_path / "pass").chmod(0o644)
    text = SITE + camera_table("a", **login("viewer", "hunter2")) + camera_table("b", source="rtsp://u:hunter2@10.0.0.5/")
    text += (
        camera_table("c", **login("u", file="pass"))
        + camera_table("d", source="absent.mp4")
        + camera_table("e", source="http://h/", transport='"tcp"')
    )
    text += camera_table("f", loop="true")
    path = write_site(tmp_path, text)
    path.chmod(0o644)
    code, told, wrong = check(path)
    assert code == 0
    for key in (
        "camera[0].password",
        "camera[1].source",
        "camera[2].password_file",
        "camera[3].source",
        "camera[4].transport",
        "camera[5].loop",
        "the file",
    ):
        assert key in wrong
    assert "7 notes" in wrong
    assert "hunter2" not in told + wrong


def test_what_of_an_encrypted_camera_is_not_verified_is_a_note(check: Check, tmp_path: Path) -> None:
    (tmp_path / "camera.pem").write_text("")
    sources = (
        camera_table("a", source="rtsps://10.0.0.5/"),
        camera_table("b", source="rtsps://10.0.0.5/", tls_certificate='"camera.pem"'),
        camera_table("c", source="rtsps://10.0.0.5/", tls_certificate='"absent.pem"'),
        camera_table("d", source="rtsp://10.0.0.5/", tls='"verify"'),
        camera_table("e", source="https://10.0.0.5/a.m3u8", tls='"verify"'),
        camera_table("f", source="rtsps://camera.city.org/"),
        camera_table("g", source="rtsps://camera.city.org/", tls='"trust"'),
    )
    code, _, wrong = check(write_site(tmp_path, SITE + "".join(sources)))
    assert code == 0
    assert "5 notes" in wrong
    for key in ("camera[0].tls", "camera[2].tls_certificate", "camera[3].tls", "camera[4].tls", "camera[6].tls"):
        assert key in wrong


def test_a_certificate_where_any_is_trusted_makes_no_sense(check: Check, tmp_path: Path) -> None:
    keys = {"tls": '"trust"', "tls_certificate": '"camera.pem"'}
    code, _, wrong = check(write_site(tmp_path, SITE + camera_table("a", source="rtsps://10.0.0.5/", **keys)))
    assert code != 0
    assert "camera[0].tls_certificate" in wrong


def test_careful_sites_get_no_note(check: Check, tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("hunter2\n")
    (tmp_path / "pass").chmod(0o600)
    path = write_site(tmp_path, SITE + camera_table(**login("viewer", file="pass")))
    assert check(path)[2] == ""


def test_cameras_are_probed_one_by_one_and_one_without_a_picture_fails_the_check(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[CameraOrder] = []

    def probe(camera: CameraOrder, _command: object) -> ProbeResult:
        opened.append(camera)
        if camera.camera == "b":
            return ProbeResult("b", Reason.UNAUTHORISED)
        return ProbeResult(camera.camera, Reason.NONE, "h264", 1920, 1080, 12.5, 0.613, "tcp", 25, 2)

    monkeypatch.setattr("passerby.site.probing.probe", probe)
    monkeypatch.setenv("PASSERBY_TEST_WORD", "hunter2")
    text = SITE + camera_table("a", **login("viewer", "${PASSERBY_TEST_WORD}"))
    code, told, _ = check(write_site(tmp_path, text), probe=True)
    assert code == 0
    assert "1920x1080" in told
    assert "12.5 a second" in told
    assert "0.61 s" in told
    assert "TCP, 2 damaged" in told
    assert opened[0].source == "rtsp://viewer:hunter2@10.0.0.5/stream"
    code, told, wrong = check(write_site(tmp_path, text + camera_table("b")), probe=True)
    assert code == 1
    assert "user name or password refused" in told
    assert "hunter2" not in told + wrong


def test_the_schema_can_be_printed(check: Check) -> None:
    code, told, _ = check(schema=True)
    assert code == 0
    assert json.loads(told)["title"] == "site.toml of Passerby"


def test_options_that_make_no_sense_are_one_line(check: Check, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no site\.toml"):
        check()
    with pytest.raises(SettingsError, match="--no-secrets"):
        check(tmp_path / "site.toml", probe=True, secrets=False)
    with pytest.raises(SiteError, match="cannot be read"):
        check(tmp_path / "site.toml")


def test_a_name_with_control_characters_cannot_reach_the_terminal(check: Check, tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[31mb"
    folder.mkdir()
    _, told, wrong = check(write_site(folder, SITE))
    assert "\x1b[31m" not in told + wrong


def test_checking_loads_nothing_that_touches_pictures() -> None:
    code = "import sys, passerby.site.command, passerby.site.reading, passerby.site.planning, passerby.site.probing, passerby.site.notes\n"
    code += "print(sorted({'av', 'cv2', 'onnxruntime', 'passerby.sealed'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
