"""WS-Discovery: who answers is found, once, and what it says is bounded and harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SettingsError
from passerby.site.setup import discovery
from passerby.site.setup.discovery import devices_of, discover, is_http
from passerby.site.setup.plain_xml import parse_plain
from tests.support.onvif_device import LOOPBACK, Neighbourhood, probe_match

SERVICE = "http://10.0.0.5/onvif/device_service"


def test_devices_that_answer_by_multicast_are_found_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = lambda question: probe_match(question, SERVICE, "Gate 2", "urn:uuid:1")  # noqa: E731
    hall = lambda question: probe_match(question, "http://10.0.0.6/ https://10.0.0.6/ ftp://10.0.0.6/", "Hall", "urn:uuid:2")  # noqa: E731
    nonsense = lambda _: b"\x00<!DOCTYPE x>"  # noqa: E731
    with Neighbourhood(nonsense, gate, hall) as neighbours:
        monkeypatch.setattr(discovery, "PORT", neighbours.port)
        monkeypatch.setattr(discovery, "MOST_FOUND", 2)  # it waits no longer than for these
        found = discover([LOOPBACK], wait_s=60)
    assert sorted((device.host, device.name, device.hardware, device.services) for device in found) == [
        (LOOPBACK, "Gate 2", "T-100", (SERVICE,)),
        (LOOPBACK, "Hall", "T-100", ("http://10.0.0.6/", "https://10.0.0.6/")),
    ]
    question = parse_plain(neighbours.questions[0].encode())
    assert question.every("Types")[0].words[0] in {"dn:NetworkVideoTransmitter", "tds:Device"}


def test_nobody_answers_and_that_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with Neighbourhood() as neighbours:
        monkeypatch.setattr(discovery, "PORT", neighbours.port)
        assert discover([LOOPBACK], wait_s=0.1) == []


def test_a_device_that_never_stops_answering_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    number = iter(range(10**6))
    flood = [lambda question: probe_match(question, SERVICE, "x", f"urn:uuid:{next(number)}")] * 60
    with Neighbourhood(*flood) as neighbours:
        monkeypatch.setattr(discovery, "PORT", neighbours.port)
        monkeypatch.setattr(discovery, "MOST_FOUND", 20)
        assert len(discover([LOOPBACK], wait_s=60)) == 20


def test_a_name_with_quotes_lines_and_controls_is_one_line() -> None:
    hostile = 'Ga"te\n[[camera]]\r\nid = "x"\x00\x1b]0;t\x07\u202e${HOME}'
    ((_, device),) = devices_of(probe_match("", SERVICE, hostile, "urn:uuid:1"), "10.0.0.5")
    assert device.name == 'Ga"te [[camera]] id = "x" ]0;t ${HOME}'
    assert device.name.isprintable()


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "ftp://10.0.0.5/",
        "file:///etc/passwd",
        "http://10.0.0.5:0/",
        "http://10.0.0.5:99999/",
        "http://u:p@10.0.0.5/",
        "http://[::1/",
        "http://10.0.0.5/${HOME}",
        "http://10.0.0.5/\u202e",
        "http://h/" + "x" * 600,
    ],
)
def test_what_is_no_address_of_a_service_is_none(address: str) -> None:
    assert not is_http(address)


@given(st.binary(max_size=300))
def test_any_datagram_is_read_or_left(data: bytes) -> None:
    assert devices_of(data, "10.0.0.5") == []


def test_an_interface_that_there_is_not_is_said() -> None:
    with pytest.raises(SettingsError, match="no interface 'absent0'"):
        discover(["absent0"])
    with pytest.raises(SettingsError, match="cannot be asked for on that interface"):
        discover(["192.0.2.222"], wait_s=0.1)
