"""Where a stream is sent: a secret as the camera's own address is."""

from pathlib import Path

import pytest

from passerby.errors import SiteError
from passerby.site.addresses import verifies_server
from passerby.site.notes import notes_of
from passerby.site.planning import orders, pushes
from passerby.site.reading import problems_of, read_site, site_of
from tests.support.site_files import SITE, camera_table, write_site

SECRET = "hunter2/@ ü"  # noqa: S105 - of a server that does not exist


def text(push: str) -> str:
    return SITE + camera_table(push=f'"{push}"')


def test_a_password_comes_from_the_environment_and_is_encoded(tmp_path: Path) -> None:
    site = read_site(write_site(tmp_path, text("rtsp://nvr:${PASSWORD}@nvr:8554/gate")))
    assert pushes(site, environ={"PASSWORD": SECRET}) == {"gate-1": "rtsp://nvr:hunter2%2F%40%20%C3%BC@nvr:8554/gate"}


def test_a_camera_that_is_not_sent_is_not_there(tmp_path: Path) -> None:
    assert pushes(read_site(write_site(tmp_path, SITE + camera_table())), environ={}) == {}


@pytest.mark.parametrize(
    "address",
    ["http://nvr/gate", "gate.ts", "file:///etc/passwd", "rtmp://nvr/gate", "rtsp:///gate", "rtsp://nvr/gate\\n", "rtsp://u:p@ss/w@nvr/gate", ""],
)
def test_what_takes_no_stream_is_refused_and_not_repeated(address: str) -> None:
    (problem,) = problems_of(text(address), Path("site.toml"))
    assert problem.key == "camera[0].push"
    assert address == "" or address not in str(problem)


def test_what_is_missing_is_said_by_name(tmp_path: Path) -> None:
    site = read_site(write_site(tmp_path, text("rtsp://nvr:${PASSWORD}@nvr/gate")))
    with pytest.raises(SiteError) as caught:
        pushes(site, environ={})
    assert "PASSWORD" in str(caught.value)
    assert "camera[0].push" in str(caught.value)
    _, problems = site_of(text("rtsp://nvr:${PASSWORD}@nvr/gate"), Path("site.toml"), {})
    assert [problem.key for problem in problems] == ["camera[0].push"]


@pytest.mark.parametrize("value", ["http://nvr/gate", "/etc/passwd", "${OTHER}", "rtsp://a b/"])
def test_a_variable_that_holds_something_else_is_refused_and_not_repeated(value: str, tmp_path: Path) -> None:
    site = read_site(write_site(tmp_path, text("${ADDRESS}")))
    with pytest.raises(SiteError) as caught:
        pushes(site, environ={"ADDRESS": value})
    assert value not in str(caught.value)


def test_nothing_tells_the_secret(tmp_path: Path) -> None:
    site = read_site(write_site(tmp_path, text("rtsp://nvr:hunter2@nvr:8554/gate?token=hunter3")))
    assert "hunter" not in repr(site)
    assert "hunter" not in site.model_dump_json()
    assert site.cameras[0].shown_push == "rtsp://nvr:8554"


def test_the_camera_s_worker_is_not_told_and_not_restarted_for_it(tmp_path: Path) -> None:
    plain = read_site(write_site(tmp_path, SITE + camera_table()))
    sent = read_site(write_site(tmp_path, text("rtsp://nvr/gate")))
    assert orders(plain, tmp_path, environ={}) == orders(sent, tmp_path, environ={})


@pytest.mark.parametrize(
    ("address", "verified", "noted"),
    [
        ("rtsps://u:${PASSWORD}@nvr.example.org/gate", True, False),
        ("rtsps://nvr.local/gate", False, True),
        ("rtsps://10.0.0.5/gate", False, True),
        ("rtsp://nvr.example.org/gate", False, False),
    ],
)
def test_a_server_with_a_public_name_is_verified_and_another_is_worth_a_word(address: str, tmp_path: Path, *, verified: bool, noted: bool) -> None:
    assert verifies_server(address.replace("${PASSWORD}", "x")) is verified
    path = write_site(tmp_path, text(address))
    assert ("camera[0].push" in [note.key for note in notes_of(read_site(path), path)]) is noted
