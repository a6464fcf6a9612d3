"""Addresses of cameras: what is one, how secrets go in, and what is shown."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.site.addresses import absolute, filled, has_clear_password, has_user, require_address, shown_address, with_user


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://10.0.0.5/stream",
        "rtsps://camera.example:322/a?b=c",
        "http://[fe80::1]:8080/video.mjpg",
        "https://${HOST}:${PORT}/x",
        "rtsp://user:${PASSWORD}@camera/",
        "clip.mp4",
        "/footage/plaza clip.mp4",
        "file:///footage/clip.mp4",
        "${WHOLE}",
        "${FOLDER}/clip.mp4",
    ],
)
def test_addresses_of_cameras_and_files_are_taken(address: str) -> None:
    require_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "gopher://x",
        "rtmp://x/y",
        "rtsp://",
        "rtsp:///stream",
        "http://a b/",
        "rtsp://h:port/",
        "rtsp://h:0/",
        "http://[::1/",
        "file://host/x",
        "concat://a",
    ],
)
def test_other_addresses_are_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(ValueError) as failed:  # noqa: PT011 - any text but the address
        require_address(address)
    assert address not in str(failed.value) or address == ""


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1), st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1))
def test_any_user_and_password_survive_in_an_address(user: str, password: str) -> None:
    parts = urlsplit(with_user("rtsp://camera:554/stream?x=1", user, password))
    assert (parts.hostname, parts.port, parts.path, parts.query) == ("camera", 554, "/stream", "x=1")
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == (user, password)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1))
def test_a_variable_within_the_user_part_is_encoded(password: str) -> None:
    parts = urlsplit(filled("rtsp://viewer:${P}@camera/stream", {"P": password}))
    assert (parts.hostname, unquote(parts.password or "")) == ("camera", password)


def test_a_variable_elsewhere_stands_as_it_is() -> None:
    assert filled("rtsp://${H}/${P}", {"H": "10.0.0.5:554", "P": "a/b?c"}) == "rtsp://10.0.0.5:554/a/b?c"
    assert filled("${WHOLE}", {"WHOLE": "rtsp://u:p@h/"}) == "rtsp://u:p@h/"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://admin:hunter2@10.0.0.5:554/hunter2?hunter2", "rtsp://10.0.0.5:554"),
        ("rtsp://admin:hun@ter2@10.0.0.5", "rtsp://10.0.0.5"),
        ("http://camera?token=hunter2", "http://camera"),
        ("http://camera#hunter2", "http://camera"),
        ("${HUNTER}", "from a variable"),
        ("rtsp://${HOST}/x", "rtsp://${HOST}"),
        ("/hunter2/clip.mp4", "file clip.mp4"),
        ("file:///hunter2/a%20clip.mp4", "file a clip.mp4"),
    ],
)
def test_of_an_address_only_scheme_host_and_port_are_shown(address: str, shown: str) -> None:
    assert shown_address(address) == shown


@pytest.mark.parametrize(
    ("address", "user", "clear"),
    [
        ("rtsp://u:p@h/", True, True),
        ("RTSP://u:p@h/", True, True),
        ("rtsp://u:${P}@h/", True, False),
        ("rtsp://u:x${P}@h/", True, True),
        ("rtsp://u@h/", True, False),
        ("rtsp://h/a@b", False, False),
        ("${X}", False, False),
        ("a@b.mp4", False, False),
    ],
)
def test_a_user_and_a_password_in_an_address_are_seen(address: str, user: bool, clear: bool) -> None:
    assert (has_user(address), has_clear_password(address)) == (user, clear)


def test_a_file_counts_from_the_folder_and_becomes_an_address(tmp_path: Path) -> None:
    assert absolute("a clip.mp4", tmp_path) == (tmp_path / "a clip.mp4").as_uri()
    assert absolute("/x/100%.mp4", tmp_path) == "file:///x/100%25.mp4"
    assert absolute("rtsp://h/x", tmp_path) == "rtsp://h/x"


@pytest.mark.parametrize("password", ["12/34", "1234?x", "77#k", "/", "9/@", "1@2/3"])
def test_a_password_that_is_not_encoded_is_refused_and_no_part_of_it_is_shown(password: str) -> None:
    address = f"rtsp://admin:{password}@10.0.0.1/s"
    with pytest.raises(ValueError, match="encoded") as refused:
        require_address(address)
    assert password not in str(refused.value)
    assert shown_address(address) == "rtsp://"


def test_an_at_sign_in_a_path_is_no_password_where_it_is_encoded() -> None:
    require_address("rtsp://camera.example/user%40place")
    assert shown_address("rtsp://camera.example/user%40place") == "rtsp://camera.example"
