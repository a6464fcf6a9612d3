"""Devices as cameras: their ids, their names, and their secrets."""

import pytest

from passerby.errors import SettingsError
from passerby.site.setup.discovery import Device
from passerby.site.setup.offer import Login, Offer
from passerby.site.setup.onvif_offers import device_at, offers_of_devices
from passerby.site.setup.onvif_streams import Profile, Streams
from passerby.site.setup.vault import Vault
from passerby.site.setup.wording import Ids

LOGIN = Login("viewer", "hunter2", template="${CAMERA_PASSWORD}")


def streams(host: str, name: str, *addresses: str, why_not: str = "") -> Streams:
    profiles = tuple(Profile(f"p{number}", "H264", 1920, 1080, 25.0, address) for number, address in enumerate(addresses))
    return Streams(Device(host, (), name), "Acme M1", profiles, why_not)


def offers(*said: Streams) -> tuple[list[Offer], Vault]:
    vault = Vault()
    return offers_of_devices(said, LOGIN, Ids(), vault), vault


def test_a_device_is_called_as_it_calls_itself_and_those_of_one_name_by_their_addresses_too() -> None:
    made, _ = offers(*(streams(f"10.0.0.{n}", name, "rtsp://h/1") for n, name in ((5, "Gate"), (6, "IPC"), (7, "ipc"), (8, ""), (9, "駅"))))
    assert [offer.id for offer in made] == ["gate", "ipc-10-0-0-6", "ipc-10-0-0-7", "acme-m1", "camera-10-0-0-9"]
    assert [offer.name for offer in made] == ["Gate", "IPC", "ipc", "Acme M1", "駅"]


def test_the_first_stream_is_taken_and_the_others_are_told() -> None:
    (offer,), _ = offers(streams("10.0.0.5", "Gate", "rtsp://10.0.0.5/main", "rtsp://10.0.0.5/sub"))
    assert (offer.source, offer.user, offer.password, offer.refused) == ("rtsp://10.0.0.5/main", "viewer", "${CAMERA_PASSWORD}", "")
    assert offer.told == (
        "Found by ONVIF at 10.0.0.5: Acme M1.",
        'Its stream "p0": H264 1920x1080, up to 25 a second.',
        'Another stream: "p1": H264 1920x1080, up to 25 a second: rtsp://10.0.0.5/sub',
    )


def test_a_stream_whose_path_holds_a_secret_goes_into_a_variable_and_into_no_comment() -> None:
    path = "user=admin_password=hunter2_channel=1.sdp"
    (offer,), vault = offers(streams("10.0.0.5", "Gate", f"rtsp://10.0.0.5/{path}", f"rtsp://10.0.0.5/2{path}"))
    assert offer.source == "rtsp://10.0.0.5/${PASSERBY_GATE_PATH}"
    assert dict(vault.values) == {"PASSERBY_GATE_PATH": path}
    assert not any("hunter2" in line for line in offer.told)


def test_no_name_of_a_device_becomes_a_variable_that_means_something_to_programs() -> None:
    for name in ("LD library", "LD preload", "PYTHON", "DYLD insert libraries"):
        _, vault = offers(streams("10.0.0.5", name, "rtsp://10.0.0.5/token=/tmp/evil"))
        assert all(variable.startswith("PASSERBY_") for variable in vault.values)


def test_a_device_that_gives_nothing_is_offered_with_its_reason() -> None:
    (offer,), _ = offers(streams("10.0.0.5", "Gate", why_not="user name or password refused"))
    assert (offer.source, offer.user, offer.refused) == ("", "", "user name or password refused")


def test_a_device_is_named_by_host_port_or_address() -> None:
    assert device_at("127.0.0.1") == Device("127.0.0.1", ("http://127.0.0.1/onvif/device_service",))
    assert device_at("127.0.0.1:8000") == Device("127.0.0.1", ("http://127.0.0.1:8000/onvif/device_service",))
    assert device_at("https://localhost:8443/x") == Device("127.0.0.1", ("https://127.0.0.1:8443/x",))


@pytest.mark.parametrize(
    "given", ["", "u:p@10.0.0.5", "10.0.0.5:0", "10.0.0.5:x", "ftp://10.0.0.5", "http://", "[::1", "a b", "no-such-host.invalid"]
)
def test_what_is_no_host_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="--onvif-host"):
        device_at(given)
