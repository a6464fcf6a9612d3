"""E-mail through apprise, to a real SMTP server: plain text, no injection, few mails in a flood."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from passerby.clock import SystemClock
from passerby.hazards.alert import Cause, Severity, What
from passerby.hazards.channels.delivering import Pace
from passerby.hazards.outbox import ALERTS, Outbox
from passerby.site.settings import Site
from tests.support.journals import KeptJournal
from tests.support.told import Mailbox, channel_table, opened, site_with, then, until

FAST = Pace(first_s=0.05, longest_s=0.2)
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise's, for a library of its own


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as one:
        yield one


def site(folder: Path, mailbox: Mailbox, **keys: str) -> Site:
    address = f"mailto://127.0.0.1:{mailbox.port}/?from=passerby@example.org&to=duty@example.org&mode=insecure"
    return site_with(folder, channel_table("duty", "apprise", address, **keys))


def outbox(one: Site) -> Outbox:
    return Outbox(one.state_folder / ALERTS, one, SystemClock(), KeptJournal(), environ=os.environ, pace=FAST)


def test_a_person_gets_a_plain_mail_when_it_opens_and_when_it_ends(tmp_path: Path, mailbox: Mailbox) -> None:
    box = outbox(site(tmp_path, mailbox))
    box.start()
    box.accept_all([opened(), then("a" * 16, 1, What.UPDATED, value=3.1), then("a" * 16, 2, What.ACKNOWLEDGED), then("a" * 16, 3, What.ENDED)])
    until(lambda: len(mailbox.mails) == 2)
    assert box.stop(5)
    assert [mail["Subject"] for mail in mailbox.mails] == [
        "Central station: warning: density opened, gate-1 stairs",
        "Central station: warning: density ended, gate-1 stairs",
    ]
    (mail, _) = mailbox.mails
    assert [part.get_content_type() for part in mail.walk() if not part.is_multipart()] == ["text/plain"]
    body = mail.get_body()
    assert body is not None
    content = body.get_content()
    assert "2.9 persons/m2 in 'stairs' for 20 s, limit 2.5" in content
    assert f"{'a' * 16}-0-duty" in content


def test_hostile_names_become_neither_headers_nor_html_nor_fields(tmp_path: Path, mailbox: Mailbox) -> None:
    box = outbox(site(tmp_path, mailbox, title='"{severity} {words}"', template='"{words} {{literally}}"'))
    box.start()
    words = "x\r\nBcc: all@example.org\r\n\r\n<b onclick=1>{site.__class__} {secret} \u202egnp.exe"
    box.accept(opened(words=words, cause=Cause("crowd", "gate-1", "stairs\nX-Evil: 1")))
    until(lambda: mailbox.mails)
    assert box.stop(5)
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert mail["Subject"] == "warning x Bcc: all@example.org <b onclick=1>{site.__class__} {secret} gnp.exe"
    assert "text/html" not in [part.get_content_type() for part in mail.walk()]
    body = mail.get_body()
    assert body is not None
    assert "{literally}" in body.get_content()
    assert "\u202e" not in body.get_content()


def test_a_server_that_refuses_gets_it_again_until_it_takes_it(tmp_path: Path, mailbox: Mailbox) -> None:
    mailbox.refuses = True
    box = outbox(site(tmp_path, mailbox))
    box.start()
    box.accept(opened())
    until(lambda: box.health()[0].failing == "the service did not take it")
    mailbox.refuses = False
    until(lambda: len(mailbox.mails) == 1)
    assert box.stop(5)


def test_a_flood_is_twenty_mails_and_a_summary_that_counts_all_of_it(tmp_path: Path, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.hazards.channels.grouping.SOON_S", 0.5)
    box = outbox(site(tmp_path, mailbox))
    box.accept_all(opened(f"{number:016x}", Severity.ALARM if number == 70 else Severity.WARNING) for number in range(100))
    box.start()
    until(lambda: len(mailbox.mails) == 21)
    until(lambda: box.health()[0].waiting == 0)
    assert box.stop(5)
    summary = mailbox.mails[-1]
    assert summary["Subject"] == "Central station: 80 messages of 80 alerts, up to alarm"
    body = summary.get_body()
    assert body is not None
    content = body.get_content()
    assert "by severity: warning 79, alarm 1" in content
    assert "by camera: gate-1 80" in content


def test_a_password_in_the_address_is_in_no_log_and_no_repr(
    tmp_path: Path, mailbox: Mailbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    address = f"mailto://user:${{MAIL_PASSWORD}}@127.0.0.1:{mailbox.port}/?from=passerby@example.org&to=duty@example.org&mode=insecure"
    one = site_with(tmp_path, channel_table("duty", "apprise", address))
    journal = KeptJournal()
    with caplog.at_level(logging.DEBUG):
        box = Outbox(one.state_folder / ALERTS, one, SystemClock(), journal, environ={"MAIL_PASSWORD": "hunter2"}, pace=FAST)
        box.start()
        box.accept(opened())
        until(lambda: box.health()[0].failing)  # this server knows no passwords
        assert box.stop(5)
    out, err = capfd.readouterr()
    everything = [caplog.text, out, err, repr(box.health()), repr(journal.events), repr(one), repr(box._accesses), str(one.channels[0].shown_address)]
    assert not [text for text in everything if "hunter2" in text]
    assert b"hunter2" not in b"".join(path.read_bytes() for path in one.state_folder.rglob("*") if path.is_file())
