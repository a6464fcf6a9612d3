"""Channels of a site file: what is read, what is refused and where, and that a secret is told nowhere."""

from pathlib import Path

import pytest

from passerby.errors import SiteError
from passerby.serve.reload import change_of
from passerby.site.channel_secrets import accesses
from passerby.site.channels import EVENTS, FIELDS
from passerby.site.notes import notes_of
from passerby.site.problem import Problem
from passerby.site.reading import problems_of, site_of
from passerby.site.settings import Site
from tests.support.site_files import SITE, camera_table, login
from tests.support.told import SECRET, channel_table, signed

BROKER = "mqtts://broker.example.org"
MAIL = "mailtos://${USER}:${PASSWORD}@example.org?to=duty@example.org"


def text(*tables: str) -> str:
    return SITE + camera_table() + "".join(tables)


def read(*tables: str) -> Site:
    site, problems = site_of(text(*tables), Path("site.toml"))
    assert site is not None, problems
    return site


def problem_of(*tables: str) -> Problem:
    (problem,) = problems_of(text(*tables), Path("site.toml"))
    return problem


def test_a_webhook_hears_of_everything_and_a_person_of_what_opens_and_ends() -> None:
    one, two = read(channel_table(), channel_table("mail", "apprise", MAIL)).channels
    assert one.told_of == frozenset(EVENTS)
    assert two.told_of == {"opened", "ended", "returned"}
    assert (one.severities, one.hazards, one.cameras, one.escalate_after_s) == (("warning", "alarm"), (), (), None)


def test_a_channel_says_only_that_of_its_address_which_is_no_secret() -> None:
    site = read(
        channel_table("one", address="https://ops.example.org/T0K3N/hook?key=hunter2"),
        channel_table("two", "apprise", "tgram://hunter2/12345"),
        channel_table("three", "mqtt", BROKER),
        channel_table("four", address="${HOOK}"),
    )
    assert [channel.shown_address for channel in site.channels] == ["https://ops.example.org", "tgram://", BROKER, "from a variable"]
    assert "hunter2" not in repr(site) + str(site.model_dump()) + site.model_dump_json()
    assert SECRET not in repr(site) + site.model_dump_json()


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (channel_table(address="ftp://ops.example.org"), "address"),
        (channel_table(address="https://user:hunter2@ops.example.org/"), "address"),
        (channel_table(address="https://"), "address"),
        (channel_table(address="mqtt://ops.example.org"), "address"),
        (channel_table(address="https://ops.example.org/ hunter2"), "address"),
        (channel_table("m", "mqtt", "mqtt://user:hunter2@broker"), "address"),
        (channel_table("m", "mqtt", "mqtt://broker/hunter2"), "address"),
        (channel_table("m", "apprise", "hunter2"), "address"),
        ('\n[[channel]]\nid = "x"\nkind = "webhook"\naddress = "https://h/"\n', "secret"),
        (channel_table(**signed("x", "s")), "secret_file"),
        (channel_table(user='"hunter2"'), "user"),
        (channel_table("m", "mqtt", BROKER, **login("", "hunter2")), "user"),
        (channel_table("m", "mqtt", BROKER, group_from="5"), "group_from"),
        (channel_table("m", "mqtt", BROKER, topic='"a/#"'), "topic"),
        (channel_table("m", "apprise", MAIL, tls_certificate='"ca.pem"'), "tls_certificate"),
        (channel_table(hazards='["croud"]'), "hazards[0]"),
        (channel_table(cameras='["gate-9"]'), "cameras[0]"),
        (channel_table(severities="[]"), "severities"),
        (channel_table(severities='["urgent"]'), "severities[0]"),
        (channel_table(tells='["told"]'), "tells[0]"),
        (channel_table(quiet='["22:00-06:00", "06:00-22:00"]'), "quiet"),
        (channel_table(quiet='["Mo 25:00-26:00"]'), "quiet[0]"),
        (channel_table(escalate_after='"1 s"'), "escalate_after"),
        (channel_table(template='"{words.__class__}"'), "template"),
        (channel_table(template='"{words!r}"'), "template"),
        (channel_table(template='"{words:>1000000}"'), "template"),
        (channel_table(template='"{0}"'), "template"),
        (channel_table(title='"{hunter2"'), "title"),
        (channel_table("OPS"), "id"),
        (channel_table(kind="telegraph"), "kind"),
        (channel_table(colour='"red"'), "colour"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place_and_is_not_repeated(table: str, key: str) -> None:
    problem = problem_of(table)
    assert problem.key == f"channel[0].{key}"
    assert problem.line is not None
    assert problem.expected
    assert "hunter2" not in str(problem)


def test_an_id_belongs_to_one_channel() -> None:
    assert problem_of(channel_table(), channel_table()).key == "channel[1].id"


def test_a_channel_may_name_rules_and_kinds() -> None:
    read(channel_table(hazards='["camera", "channel", "density", "cameras"]'))


def test_secrets_come_from_the_environment_and_from_files_and_are_hidden(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret of a file\n", "utf-8")
    site = read(
        channel_table("one", address="${HOOK}", **signed("${KEY}")),
        channel_table("two", **signed("", str(tmp_path / "secret"))),
        channel_table("three", "mqtt", BROKER, **login("duty", "p${WORD}")),
        channel_table("four", "apprise", MAIL),
    )
    environ = {"HOOK": "https://h.example.org/x", "KEY": "k" * 16, "WORD": "hunter2", "USER": "u", "PASSWORD": "a/b@c"}
    found = accesses(site, environ)
    assert (found["one"].address, found["one"].secret) == ("https://h.example.org/x", "k" * 16)
    assert found["two"].secret == "a secret of a file"  # noqa: S105
    assert (found["three"].user, found["three"].password) == ("duty", "phunter2")
    assert found["four"].address == "mailtos://u:a%2Fb%40c@example.org?to=duty@example.org"
    assert "hunter2" not in repr(found)


def test_what_is_missing_is_told_all_at_once_and_by_name(tmp_path: Path) -> None:
    tables = (channel_table("one", **signed("${KEY}")), channel_table("two", **signed("", "nowhere")), channel_table("three", **signed("short")))
    with pytest.raises(SiteError) as caught:
        accesses(read(*tables), {})
    for part in ("KEY", "channel[0].secret", "channel[1].secret_file", "channel[2].secret"):
        assert part in str(caught.value)
    _, problems = site_of(text(*tables), tmp_path / "site.toml", {})
    assert [problem.key for problem in problems] == ["channel[0].secret", "channel[1].secret_file", "channel[2].secret"]


@pytest.mark.parametrize("value", ["ftp://hunter2", "https://u:hunter2@h/", "hunter2"])
def test_a_variable_that_holds_no_address_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(SiteError) as caught:
        accesses(read(channel_table(address="${HOOK}")), {"HOOK": value})
    assert "channel[0].address" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_reload_says_which_channel_changed_and_no_secret() -> None:
    change = change_of(read(channel_table("one")), read(channel_table("one", **signed("another secret of mine")), channel_table("two")))
    assert set(change.taken) == {"channel one.secret", "channel two added"}
    assert change.needs_restart == ()


def test_every_field_of_a_template_can_be_used() -> None:
    read(channel_table(template='"' + " ".join(f"{{{field}}}" for field in FIELDS) + ' {{}}"'))


def test_what_is_allowed_and_worth_a_word_is_noted() -> None:
    site = read(
        channel_table("one", address="http://ops.example.org/", escalate_after='"5 min"'),
        channel_table("two", "mqtt", "mqtt://127.0.0.1", **login("duty", "hunter2"), escalate_after='"5 min"'),
        channel_table("three", "apprise", "mailtos://duty:hunter2@example.org", escalate_after='"5 min"'),
    )
    notes = [note for note in notes_of(site, Path("site.toml")) if note.key.startswith("channel")]
    assert [note.key for note in notes] == [
        "channel[0].secret",
        "channel[0].address",
        "channel[1].password",
        "channel[2].address",
        "channel[0].escalate_after",
    ]
    assert "hunter2" not in str(notes)
    good = read(channel_table("one", **signed("${KEY}")), channel_table("two", "mqtt", "mqtt://127.0.0.1", **login("duty", "${WORD}")))
    assert not [note for note in notes_of(good, Path("site.toml")) if note.key.startswith("channel")]
