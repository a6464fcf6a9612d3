import json
from pathlib import Path

import pytest

from passerby.clock import SimulatedClock
from passerby.errors import ReceiptError
from passerby.record.receipts import Act, Receipt
from passerby.site.reading import site_of
from passerby.site.settings import Site
from passerby.supervise.configured import FILE, ConfigurationRecord

SECRET = "hunter2"  # noqa: S105 - looked for in what is written
CAMERA = """
[[camera]]
id = "gate"
source = "rtsp://camera.example/stream"
user = "watcher"
password = "hunter2"
purpose = "To see crowding in time."
"""


class Sink:
    """Keeps receipts, or refuses them."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.refuses = False

    def write(self, receipt: Receipt) -> None:
        if self.refuses:
            raise ReceiptError("receipts cannot be written")
        self.receipts.append(receipt)


def site(more: str = "", camera: str = CAMERA) -> Site:
    read, problems = site_of(f'[site]\nname = "Station"\n{camera}{more}', Path("site.toml"))
    assert read is not None, problems
    return read


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def record(tmp_path: Path, sink: Sink) -> ConfigurationRecord:
    return ConfigurationRecord(tmp_path, sink, SimulatedClock(1000.0))


def test_the_first_configuration_is_written_down_whole(record: ConfigurationRecord, sink: Sink) -> None:
    record.note(site(), "anna")
    gate = [one for one in sink.receipts if one.camera == "gate"]
    assert [(one.kind, one.by, one.wall_s) for one in gate] == [(Act.CONFIGURED, "anna", 1000.0)]
    assert 'release_level "glyphs"' in gate[0].why


def test_the_same_configuration_again_leaves_no_receipt(record: ConfigurationRecord, sink: Sink) -> None:
    record.note(site(), "anna")
    count = len(sink.receipts)
    assert record.note(site(), "anna") == ()
    assert len(sink.receipts) == count


def test_a_change_is_told_with_what_was_and_what_is(record: ConfigurationRecord, sink: Sink, tmp_path: Path) -> None:
    record.note(site(), "anna")
    later = ConfigurationRecord(tmp_path, sink, SimulatedClock(2000.0))
    assert later.note(site('release_level = "counts"\n'), "bert") == ('camera gate: release_level "glyphs" -> "counts"',)
    assert sink.receipts[-1].by == "bert"
    assert sink.receipts[-1].why == 'release_level "glyphs" -> "counts"'


def test_a_camera_that_goes_and_one_that_comes_are_told(record: ConfigurationRecord) -> None:
    record.note(site(), "anna")
    words = record.note(site(camera=CAMERA.replace('"gate"', '"hall"')), "anna")
    assert words[0] == "camera gate: removed"
    assert words[1].startswith("camera hall: new: ")


def test_a_refused_receipt_means_that_the_change_was_not_made(record: ConfigurationRecord, sink: Sink, tmp_path: Path) -> None:
    record.note(site(), "anna")
    kept = (tmp_path / FILE).read_bytes()
    sink.refuses = True
    with pytest.raises(ReceiptError):
        record.note(site("settle_s = 60\n"), "anna")
    assert (tmp_path / FILE).read_bytes() == kept


def test_neither_receipts_nor_the_file_hold_a_secret_or_a_path_of_an_address(record: ConfigurationRecord, sink: Sink, tmp_path: Path) -> None:
    record.note(site(), "anna")
    record.note(site(camera=CAMERA.replace("/stream", "/other?key=hunter2")), "anna")
    written = repr(sink.receipts) + (tmp_path / FILE).read_text("utf-8")
    assert SECRET not in written
    assert "watcher" not in written
    assert "camera.example" in written


def test_a_damaged_file_counts_as_none(record: ConfigurationRecord, sink: Sink, tmp_path: Path) -> None:
    for damaged in (b"\xff{", b"[1]", json.dumps({"site": 3}).encode()):
        (tmp_path / FILE).write_bytes(damaged)
        assert record.note(site(), "anna")
    assert record.note(site(), "anna") == ()


@pytest.mark.parametrize(
    ("was", "now"),
    [("/stream", "/other"), ('user = "watcher"', 'user = "guard"'), ('password = "hunter2"', 'password = "hunter3"')],
)
def test_another_stream_user_or_password_is_written_down_and_not_told(
    record: ConfigurationRecord, sink: Sink, tmp_path: Path, was: str, now: str
) -> None:
    record.note(site(), "anna")
    later = ConfigurationRecord(tmp_path, sink, SimulatedClock(2000.0))
    assert later.note(site(camera=CAMERA.replace(was, now)), "bert") == ("camera gate: stream and login changed",)
    kept = (tmp_path / FILE).read_text("utf-8") + "".join(one.why for one in sink.receipts)
    for secret in ("hunter2", "hunter3", "/other", "watcher", "guard"):
        assert secret not in kept
    assert later.note(site(camera=CAMERA.replace(was, now)), "bert") == ()


def test_a_long_value_hides_no_other_change(record: ConfigurationRecord, sink: Sink) -> None:
    record.note(site(), "anna")
    longer = CAMERA.replace("To see crowding in time.", "To see crowding " + "in time " * 20)
    record.note(site('retention = "1 h"\nrelease_level = "counts"\n', longer), "anna")
    assert "release_level" in sink.receipts[-1].why
    assert "retention" in sink.receipts[-1].why


def test_a_stream_that_is_sent_elsewhere_is_told_without_the_address(record: ConfigurationRecord, sink: Sink, tmp_path: Path) -> None:
    for push in ("", 'push = "rtsp://nvr:hunter3@nvr.example:8554/gate"\n', 'push = "rtsp://nvr:hunter4@nvr.example:8554/gate"\n', ""):
        record.note(site(push), "anna")
    why = [one.why for one in sink.receipts if one.camera]
    assert why[1:] == [
        'push null -> "rtsp://nvr.example:8554", where it is sent changed',
        "where it is sent changed",
        'push "rtsp://nvr.example:8554" -> null, where it is sent changed',
    ]
    assert "hunter" not in str(why) + (tmp_path / FILE).read_text("utf-8")


def test_a_channel_is_written_down_without_its_address_and_secrets(record: ConfigurationRecord, sink: Sink, tmp_path: Path) -> None:
    channel = '\n[[channel]]\nid = "ops"\nkind = "webhook"\naddress = "https://ops.example/hunter2"\nsecret = "hunter2 and more of it"\n'
    quiet = 'quiet = ["Mo-Fr 22:00-06:00"]\n'
    record.note(site(channel), "anna")
    sink.receipts.clear()
    assert record.note(site(channel), "anna") == ()
    (words,) = record.note(site(channel + quiet), "anna")
    assert words.startswith("channel ops: quiet [] -> ")
    assert record.note(site((channel + quiet).replace("and more", "or more")), "anna") == ("channel ops: address and secrets changed",)
    assert record.note(site(), "anna") == ("channel ops: removed",)
    assert SECRET not in (tmp_path / FILE).read_text("utf-8")
    assert not [one for one in sink.receipts if SECRET in one.why]
