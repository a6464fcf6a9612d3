"""What the guide says about channels is true."""

import re
import time
from pathlib import Path
from typing import Any

import msgspec

from passerby.hazards.channels.delivery import Delivery, Letter
from passerby.hazards.channels.signature import signature_of
from passerby.site.channels import EVENTS, FIELDS
from passerby.site.reading import site_of
from tests.support.site_files import SITE, camera_table

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "guide" / "channels.md").read_text("utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_example_of_channels_is_one() -> None:
    site, problems = site_of(SITE + camera_table() + "\n" + block("toml"), Path("site.toml"))
    assert problems == ()
    assert site is not None
    assert [channel.kind for channel in site.channels] == ["webhook", "mqtt", "apprise", "apprise"]


def test_the_example_of_a_request_has_every_field_and_no_other() -> None:
    letter = msgspec.json.decode(block("json"), type=Letter, strict=True)
    example = msgspec.json.decode(block("json"))["deliveries"][0]
    assert list(example) == list(Delivery.__struct_fields__)
    assert letter.deliveries[0].value == 2.9


def test_the_example_of_verifying_takes_what_we_sign_and_nothing_else() -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - the guide's own
    body, secret = b'{"passerby": 1}', "a secret that is long enough"
    header = signature_of(secret, body, time.time())
    assert names["is_ours"](secret, body, header)
    assert not names["is_ours"](secret, body + b" ", header)
    assert not names["is_ours"]("another", body, header)
    assert not names["is_ours"](secret, body, signature_of(secret, body, time.time() - 400))


def test_every_field_and_event_is_told() -> None:
    assert [field for field in FIELDS if f"`{{{field}}}`" not in GUIDE] == []
    assert [event for event in EVENTS if f"`{event}`" not in GUIDE] == []
