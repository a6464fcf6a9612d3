"""Addresses from the command line: what is a secret goes out of them, and what cannot be used is refused without a word of it."""

import pytest

from passerby.errors import SettingsError
from passerby.site.setup.offer import Login, Offer
from passerby.site.setup.urls import offer_of_url, offers_of_urls
from passerby.site.setup.vault import Vault
from passerby.site.setup.wording import Ids


def offered(given: str, login: Login | None = None) -> tuple[Offer, dict[str, str]]:
    vault = Vault()
    return offer_of_url(given, 1, Ids(), vault, login), dict(vault.values)


def test_a_password_goes_out_of_the_address_as_it_is_meant() -> None:
    offer, values = offered("gate-2=rtsp://view%20er:p%40ss%2Fw%3Ard@10.0.0.5:8554/Streaming/Channels/101?x=1")
    assert (offer.id, offer.source) == ("gate-2", "rtsp://10.0.0.5:8554/Streaming/Channels/101?x=1")
    assert (offer.user, offer.password) == ("view er", "${PASSERBY_GATE_2_PASSWORD}")
    assert values == {"PASSERBY_GATE_2_PASSWORD": "p@ss/w:rd"}


@pytest.mark.parametrize(
    "path",
    [
        "stream?user=admin&password=hunter2",
        "user=admin_password=hunter2_channel=1.sdp",
        "live?token=hunter2",
        "x?authKey=hunter2",
        "a%3Fpwd%3Dhunter2",
    ],
)
def test_a_path_that_holds_a_secret_becomes_a_variable(path: str) -> None:
    offer, values = offered(f"rtsp://10.0.0.5:554/{path}")
    assert offer.source == "rtsp://10.0.0.5:554/${PASSERBY_CAMERA_10_0_0_5_PATH}"
    assert values == {"PASSERBY_CAMERA_10_0_0_5_PATH": path}


def test_what_the_user_wrote_as_a_variable_stays_one() -> None:
    offer, values = offered("rtsp://viewer:${GATE}@10.0.0.5/stream")
    assert (offer.source, offer.user, offer.password) == ("rtsp://10.0.0.5/stream", "viewer", "${GATE}")
    assert offered("rtsp://10.0.0.5/live?token=${GATE}")[0].source == "rtsp://10.0.0.5/live?token=${GATE}"
    whole, _ = offered("${GATE_2}")
    assert (whole.id, whole.source) == ("gate-2", "${GATE_2}")
    assert values == {}


def test_an_address_without_a_user_gets_the_one_that_was_given_for_all_and_another_keeps_its_own() -> None:
    login = Login("viewer", "hunter2", template="${CAMERA_PASSWORD}")
    assert "hunter2" not in repr(login)
    offer, _ = offered("rtsp://10.0.0.5/stream", login)
    assert (offer.user, offer.password, offer.password_file) == ("viewer", "${CAMERA_PASSWORD}", "")
    assert offered("rtsp://own:x@10.0.0.5/stream", login)[0].user == "own"
    offer, _ = offered("rtsp://10.0.0.5/stream", Login("viewer", "hunter2", file="secrets/word"))
    assert (offer.password, offer.password_file) == ("", "secrets/word")


def test_a_user_without_a_password_stays_in_the_address() -> None:
    offer, values = offered("rtsp://viewer@10.0.0.5/stream")
    assert (offer.source, offer.user, values) == ("rtsp://viewer@10.0.0.5/stream", "", {})


def test_those_that_choose_their_ids_get_them_whatever_the_order() -> None:
    offers = offers_of_urls(["rtsp://10.0.0.5/a", "camera-10-0-0-5=rtsp://10.0.0.6/a", "rtsp://10.0.0.5/b"], Ids(), Vault(), None)
    assert [offer.id for offer in offers] == ["camera-10-0-0-5-2", "camera-10-0-0-5", "camera-10-0-0-5-3"]
    with pytest.raises(SettingsError, match="another camera is called 'gate'"):
        offers_of_urls(["gate=rtsp://10.0.0.5/a", "gate=rtsp://10.0.0.5/b"], Ids(), Vault(), None)


@pytest.mark.parametrize(
    "given",
    [
        "hunter2",
        "clips/hunter2.mp4",
        "ftp://u:hunter2@h/",
        "rtsp://u:hun/ter2@h/",
        "rtsp://u:hunter2@",
        "rtsp://u:hunter2@h:0/",
        "rtsp://u:hunter2@h:port/",
        "rtsp://u:hunter2%0A@h/",
        "rtsp://u%3A:hunter2@h/",
        "rtsp://u:hunter2${X}@h/",
        "rtsp://h/hunter2${",
        "rtsp://h/hunter2\n",
        "rtsp://[::1/hunter2",
        "rtsp://h/hunter2" + "x" * 1000,
        "",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_by_its_number_and_never_quoted(given: str) -> None:
    vault = Vault()
    with pytest.raises(SettingsError, match="address 3") as refused:
        offer_of_url(given, 3, Ids(), vault, None)
    assert "hunter2" not in str(refused.value)
    assert "ter2" not in str(refused.value)
