"""Streams of an ONVIF device: asked with digests, of the device and nobody else, within bounds, whatever it answers."""

import base64
import logging
import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SettingsError
from passerby.site.setup import onvif_soap, onvif_streams
from passerby.site.setup.discovery import Device
from passerby.site.setup.offer import Login
from passerby.site.setup.onvif_soap import library
from passerby.site.setup.onvif_streams import Streams, elsewhere, same_host, streams_of, why_no_stream, without_user
from tests.support.onvif_device import LOOPBACK, Manners, OnvifDevice, StreamProfile, envelope

try:
    library()
except SettingsError as missing:
    pytest.skip(str(missing), allow_module_level=True)

HOST = "10.0.0.5"
PASSWORD = 'hunter2 <&>" ü'  # noqa: S105 - of the device in these tests
LOGIN = Login("viewer", PASSWORD, template="${CAMERA_PASSWORD}")
MAIN = StreamProfile("1", f"rtsp://{LOOPBACK}:554/main")
SUB = StreamProfile("2", f"rtsp://{LOOPBACK}:554/sub", name="sub", width_px=640, height_px=360, rate_hz=10)


def asked(device: OnvifDevice, login: Login | None = LOGIN, *, other_hosts: bool = False, host: str = LOOPBACK) -> Streams:
    (streams,) = streams_of([Device(host, (device.service,))], login, other_hosts=other_hosts)
    return streams


@pytest.mark.parametrize("by", ["token", "http"])
@pytest.mark.parametrize("clock_off", [timedelta(), timedelta(days=-9000), timedelta(hours=5)])
def test_a_device_is_asked_with_digests_by_its_own_clock_and_never_hears_the_password(by: str, clock_off: timedelta) -> None:
    manners = Manners(login=("viewer", PASSWORD), by="http" if by == "http" else "token", clock_off=clock_off)
    with OnvifDevice([SUB, MAIN], manners) as device:
        streams = asked(device)
    assert (streams.why_not, streams.model) == ("", "Acme M1")
    assert [(profile.name, profile.address, profile.rate_hz) for profile in streams.profiles] == [
        ("main", MAIN.address, 25),
        ("sub", SUB.address, 10),
    ]
    heard = b"".join(device.bodies)
    for form in (PASSWORD.encode(), b"hunter2", base64.b64encode(b"viewer:" + PASSWORD.encode())):
        assert form not in heard


@pytest.mark.parametrize("by", ["token", "http"])
def test_a_password_that_is_refused_or_missing_is_said(by: str) -> None:
    manners = Manners(login=("viewer", PASSWORD), by="http" if by == "http" else "token")
    with OnvifDevice([MAIN], manners) as device:
        assert asked(device, Login("viewer", "wrong")).why_not == "user name or password refused"
        device.bodies.clear()
        assert asked(device, None).why_not == "asks for a user name and a password"
        assert device.bodies
        assert not any(b"Username" in body for body in device.bodies)


def test_a_device_that_asks_nobody_for_anything_is_asked_without_a_user() -> None:
    with OnvifDevice([MAIN]) as device:
        assert asked(device, None).profiles[0].address == MAIN.address


SIZES = [("a", "JPEG", 1920, 1080), ("b", "H264", 640, 360), ("c", "H265", 3840, 2160), ("d", "H264", 3840, 2160), ("e", "H264", 1280, 720)]


def test_the_best_stream_is_of_a_codec_that_costs_little_and_near_1080p() -> None:
    known = {name: StreamProfile(name, f"rtsp://{LOOPBACK}/{name}", name, codec, width, height) for name, codec, width, height in SIZES}

    def order(names: str) -> str:
        with OnvifDevice([known[name] for name in names]) as device:
            return "".join(profile.name for profile in asked(device).profiles)

    assert order("abcde") == "edcba"
    assert order("ab") == "ba"
    assert order("a") == "a"


def test_a_device_without_get_services_is_asked_for_its_capabilities() -> None:
    with OnvifDevice([MAIN], Manners(instead={"GetServices": (500, {}, envelope("<nothing/>"))})) as device:
        assert asked(device).profiles[0].address == MAIN.address
        assert "GetCapabilities" in device.asked


# Never off the device


def test_a_stream_on_another_host_is_refused_unless_it_is_allowed() -> None:
    away = StreamProfile("1", "rtsp://10.9.9.9/main")
    with OnvifDevice([away, SUB]) as device:
        streams = asked(device)
        assert [(profile.name, profile.address, profile.why_not) for profile in streams.profiles] == [
            ("sub", SUB.address, ""),
            ("main", "", elsewhere("rtsp://10.9.9.9/")),
        ]
        assert [profile.address for profile in asked(device, other_hosts=True).profiles] == [away.address, SUB.address]


def test_services_on_another_host_are_not_asked() -> None:
    with OnvifDevice([MAIN]) as other, OnvifDevice([MAIN], Manners(services_host="127.0.0.2")) as device:
        assert asked(device).why_not == elsewhere("http://127.0.0.2/")
        assert "GetProfiles" not in device.asked
        (streams,) = streams_of([Device(HOST, (other.service,))], LOGIN, other_hosts=False)
        assert streams.why_not == elsewhere(other.service)
        assert other.asked == []


def test_a_redirection_is_not_followed() -> None:
    with OnvifDevice([MAIN]) as other:
        away = (307, {"Location": other.service}, b"")
        with OnvifDevice([MAIN], Manners(login=("viewer", PASSWORD), instead={"*": away})) as device:
            assert asked(device).why_not == "redirects to another address, which is not followed"
        assert other.asked == []


@pytest.mark.parametrize(
    ("address", "why_not"),
    [
        ("rtsp://10.0.0.5/main", ""),
        ("rtsp://10.0.0.5:8554/main?a=1&b=2", ""),
        ("rtsp://u:p@10.0.0.5/main", ""),
        ("rtsp://10.0.0.5@10.9.9.9/", elsewhere("rtsp://10.9.9.9/")),
        ("rtsp://10.0.0.50/", elsewhere("rtsp://10.0.0.50/")),
        ("rtsp://localhost/", elsewhere("rtsp://localhost/")),
        ("rtsp://10.0.0.5/${HOME}", "its address cannot be read"),
        ('rtsp://10.0.0.5/"\n[site]', "its address cannot be read"),
        ("rtsp://10.0.0.5/a b", "its address cannot be read"),
        ("rtsp://10.0.0.5/@10.9.9.9/", "its address cannot be read"),
        ("rtsp://10.0.0.5\\@10.9.9.9/", "its address cannot be read"),
        ("rtsp://10.0.0.5/" + "x" * 600, "its address cannot be read"),
        ("rtsp://[::1/", "its address cannot be read"),
        ("rtsp://10.0.0.5:99999/", "its address cannot be read"),
        ("file:///etc/passwd", "its address is none of a stream"),
        ("concat:/etc/passwd", "its address is none of a stream"),
        ("", "its address is none of a stream"),
    ],
)
def test_an_address_of_a_stream_is_the_devices_own_or_refused(address: str, why_not: str) -> None:
    assert why_no_stream(address, HOST, other_hosts=False) == why_not


@given(st.text(alphabet="rtsp:/10.9@[]?#\\ \n$%u", max_size=40).map("rtsp://".__add__))
def test_no_address_that_is_taken_leads_elsewhere(address: str) -> None:
    if why_no_stream(address, HOST, other_hosts=False) == "":
        assert same_host(without_user(address), HOST)
        assert without_user(address).partition("://")[2].startswith(HOST)


def test_a_password_that_a_device_gives_away_is_not_taken() -> None:
    with OnvifDevice([StreamProfile("1", f"rtsp://admin:hunter2@{LOOPBACK}:554/main")]) as device:
        assert asked(device).profiles[0].address == MAIN.address


# Whatever it answers


BOMB = b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>'
GZIP = (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08")
UNREAD = "gives no answer that can be read"


@pytest.mark.parametrize(
    ("answer", "why_not"),
    [
        ((200, {}, b""), UNREAD),
        ((200, {}, b"\x00\xff no xml"), UNREAD),
        ((200, {}, BOMB), UNREAD),
        ((200, {}, b"<a>" * 100 + b"</a>" * 100), UNREAD),
        (GZIP, UNREAD),
        ((200, {}, envelope("<x/>")), UNREAD),
        ((200, {"Content-Type": "multipart/related; boundary=x"}, b"--x\r\n\r\n<a/>\r\n--x--"), UNREAD),
        ((200, {}, b"<a>" + b" " * (2 << 20) + b"</a>"), "its answer is too large"),
        ((401, {"WWW-Authenticate": 'Basic realm="x"'}, b""), "user name or password refused"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "redirects to another address, which is not followed"),
    ],
)
@pytest.mark.parametrize("operation", ["*", "GetProfiles"])
def test_an_answer_that_is_none_is_a_reason_and_no_more(operation: str, answer: tuple[int, dict[str, str], bytes], why_not: str) -> None:
    with OnvifDevice([MAIN], Manners(instead={operation: answer})) as device:
        streams = asked(device)
        assert streams.profiles == ()
        assert streams.why_not in {why_not, "has no media service", "has no profiles"}
        assert not any(b"hunter2" in body for body in device.bodies)


MEDIA = "http://www.onvif.org/ver10/media/wsdl"
HUGE = "<tt:Width>99999999999999999999</tt:Width><tt:Height>-5</tt:Height>"
ODD = f"<tt:VideoEncoderConfiguration><tt:Resolution>{HUGE}</tt:Resolution></tt:VideoEncoderConfiguration>"


@pytest.mark.parametrize(
    "profiles",
    [
        "<m:Profiles/>",
        '<m:Profiles token="1"><tt:Name/></m:Profiles>',
        f'<m:Profiles token="1"><tt:Name>x</tt:Name>{ODD}</m:Profiles>',
        "<m:Other/>",
        "",
    ],
)
def test_profiles_with_half_of_what_belongs_there_are_bounded(profiles: str) -> None:
    said = envelope(f'<m:GetProfilesResponse xmlns:m="{MEDIA}" xmlns:tt="http://www.onvif.org/ver10/schema">{profiles}</m:GetProfilesResponse>')
    with OnvifDevice([MAIN], Manners(instead={"GetProfiles": (200, {}, said)})) as device:
        for profile in asked(device).profiles:
            assert 0 <= profile.width_px <= 100_000
            assert 0 <= profile.height_px <= 100_000
            assert profile.address in {"", MAIN.address}


@pytest.mark.parametrize("before", [b"<!DOCTYPE x>", b'<!DOCTYPE x SYSTEM "file:///etc/passwd">', b"<!DOCTYPE x [<!ENTITY a 'b'>]>"])
def test_a_right_answer_with_a_document_type_is_not_read(before: bytes) -> None:
    profile = '<m:Profiles token="1"><tt:Name>x</tt:Name></m:Profiles>'
    said = envelope(f'<m:GetProfilesResponse xmlns:m="{MEDIA}" xmlns:tt="http://www.onvif.org/ver10/schema">{profile}</m:GetProfilesResponse>')
    declaration, _, rest = said.partition(b"?>")
    for data, why_not in ((said, ""), (declaration + b"?>" + before + rest, UNREAD)):
        with OnvifDevice([MAIN], Manners(instead={"GetProfiles": (200, {}, data)})) as device:
            assert asked(device).why_not == why_not


def test_a_clock_that_makes_no_sense_is_left_alone() -> None:
    said = b"<?xml version='1.0'?>" + envelope("<nothing/>").partition(b"?>")[2]
    with OnvifDevice([MAIN], Manners(instead={"GetSystemDateAndTime": (200, {}, said)})) as device:
        assert asked(device).profiles[0].address == MAIN.address


@pytest.mark.parametrize("operation", ["GetServices", "GetProfiles", "GetStreamUri"])
def test_a_call_that_is_never_answered_ends(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onvif_soap, "CALL_S", 0.5)
    with OnvifDevice([MAIN], Manners(hang=frozenset({operation, "GetCapabilities"}))) as device:
        streams = asked(device)
    # On a machine under load an earlier call may be the one that takes too long.
    assert [streams.why_not] * (not streams.profiles) + [profile.why_not for profile in streams.profiles] == ["no answer in time"]


def test_a_device_as_a_whole_has_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onvif_streams, "DEVICE_S", 0.3)
    with OnvifDevice([MAIN], Manners(hang=frozenset({"GetServices"}))) as device:
        assert asked(device).why_not == "no answer in time"


def test_a_device_that_gives_nothing_keeps_no_other_from_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onvif_streams, "AT_ONCE", 1)
    with OnvifDevice([MAIN], Manners(instead={"*": (200, {}, BOMB)})) as bad, OnvifDevice([MAIN]) as good:
        said = streams_of([Device(LOOPBACK, (device.service,)) for device in (bad, good)], LOGIN, other_hosts=False)
    assert [streams.why_not for streams in said] == [UNREAD, ""]


def test_nobody_at_the_address_is_a_reason() -> None:
    with OnvifDevice([MAIN]) as device:
        service = device.service
    (streams,) = streams_of([Device(LOOPBACK, (service,))], LOGIN, other_hosts=False)
    assert streams.why_not == "connection refused, or no route"


def test_the_library_sets_up_no_log_when_it_is_loaded() -> None:
    code = "import logging, passerby.site.setup.onvif_soap as soap; soap.library(); print(logging.getLogger().handlers)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_library_says_nothing_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), OnvifDevice([MAIN], Manners(login=("viewer", PASSWORD))) as device:
        assert asked(device).why_not == ""
    assert "viewer" not in caplog.text
