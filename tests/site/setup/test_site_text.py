"""The file that is written: right by `passerby check`, and nothing that a device says stands anywhere but where it belongs."""

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from passerby.released.messages import ProbeResult, Reason
from passerby.site.reading import site_of
from passerby.site.setup.offer import Offer, Tried
from passerby.site.setup.site_text import UNWRITTEN, Answers, site_text
from passerby.site.setup.wording import one_line

ANSWERS = Answers("Central station", "Europe/Zurich", "this machine's", "Crowding is seen in time.", "site.toml", "site.env", "2026-11-23")
GOOD = ProbeResult("any", Reason.NONE, "h264", 1920, 1080, 12.5, 0.61, "tcp", 30)
BAD = ProbeResult("any", Reason.UNAUTHORISED)
HOSTILE = st.text(st.characters(), max_size=80) | st.sampled_from(['"\n[[camera]]\nid = "x"', "\r# ", "'''", '"""', "\\", "\x7f", "\u2028"])
LINE = HOSTILE.map(one_line).filter(bool)


def tables(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


@given(name=LINE, told=HOSTILE, camera=LINE, refused=HOSTILE, codec=HOSTILE, user=LINE.filter(lambda text: ":" not in text and "$" not in text))
def test_nothing_that_is_said_of_a_camera_breaks_out_of_its_place(name: str, told: str, camera: str, refused: str, codec: str, user: str) -> None:
    answers = Answers(name, "UTC", "as you said", name, "site.toml", "site.env", "2026-11-23")
    probe = ProbeResult("gate", Reason.NONE, codec, 1920, 1080, 12.5, 0.61, "tcp", 30)
    offer = Offer("gate", camera, "rtsp://10.0.0.5/a", user=user, password="${GATE_PASSWORD}", told=(told,))  # noqa: S106 - a variable
    aside = Offer("hall", camera, "", told=(told,), refused=refused or "x")
    text = site_text(answers, [Tried(aside, None), Tried(offer, probe)])
    (only,) = tables(text)["camera"]
    assert only == {
        "id": "gate",
        **({"name": camera} if camera != "gate" else {}),
        "source": "rtsp://10.0.0.5/a",
        "user": user,
        "password": "${GATE_PASSWORD}",
        "purpose": name,
        "release_level": "glyphs",
        "retention": "72 h",
    }
    assert set(tables(text)) == {"site", "server", "recording", "camera"}
    site, problems = site_of(text, Path("site.toml"), {"GATE_PASSWORD": "x"})
    assert problems == ()
    assert site is not None
    assert site.name == name


def test_what_the_probe_found_stands_beside_the_camera_and_the_keys_are_explained_once() -> None:
    text = site_text(ANSWERS, [Tried(Offer("gate", "", "rtsp://10.0.0.5/a"), GOOD), Tried(Offer("hall", "", "clip.mp4"), GOOD)])
    assert text.count("# Opened once by `passerby init`: h264, 1920x1080, 12.5 pictures a second over TCP, the first after 0.6 s.") == 2
    assert text.count("Its recordings hang on it") == 1
    assert text.count("min_person_px") == 1
    assert "docs/guide/site.md" in text
    assert "# loop = true" in text.partition('id = "hall"')[2]
    assert "# loop = true" not in text.partition('id = "hall"')[0]


def test_what_is_set_aside_is_right_once_its_marks_are_taken_away() -> None:
    offer = Offer("hall", "Hall", "rtsp://10.0.0.6/a", user="viewer", password="${HALL_PASSWORD}")  # noqa: S106 - a variable
    text = site_text(ANSWERS, [Tried(Offer("gate", "", "rtsp://10.0.0.5/a"), GOOD), Tried(offer, BAD)])
    assert "# Not watched: user name or password refused." in text
    assert [camera["id"] for camera in tables(text)["camera"]] == ["gate"]
    begin, end = text.split("# [[camera]]")
    taken_up = begin + "[[camera]]" + end.replace("\n# ", "\n")
    site, problems = site_of(taken_up, Path("site.toml"), {"HALL_PASSWORD": "x"})
    assert problems == ()
    assert site is not None
    assert site.camera("hall").title == "Hall"


def test_a_purpose_that_nobody_said_is_marked_as_such() -> None:
    answers = Answers("x", "UTC", "as you said", "", "site.toml", "", "2026-11-23")
    text = site_text(answers, [Tried(Offer("gate", "", "rtsp://10.0.0.5/a"), GOOD)])
    assert tables(text)["camera"][0]["purpose"] == UNWRITTEN
    assert "Passwords stand in" not in text


def test_keys_that_the_comments_name_are_keys_with_their_defaults() -> None:
    text = site_text(ANSWERS, [Tried(Offer("gate", "", "clip.mp4"), GOOD)])
    keys = ("min_person_px", "fps_limit", "loop", "settle_s", "never", "state_folder", "workers")
    for key in keys:
        assert f"# {key} = " in text, key
        text = text.replace(f"# {key} = ", f"{key} = ")
    assert site_of(text, Path("site.toml"))[1] == ()
