"""Clocks of the site's zone, names of exports, which cameras there are."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.serve.archive import Archive, ArchiveFacts, file_name
from passerby.site.times import offsets_between
from tests.support.recorded import DAY, KeptReceipts

ZONES = ("UTC", "Europe/Zurich", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "America/Santiago", "Pacific/Apia")


@given(zone=st.sampled_from(ZONES), begin_s=st.floats(1.2e9, 2.2e9), days=st.floats(0.1, 400), share=st.floats(0, 1))
@settings(max_examples=150, deadline=None)
def test_the_offsets_are_those_of_the_zone_at_every_moment(zone: str, begin_s: float, days: float, share: float) -> None:
    end_s = begin_s + days * DAY
    told = offsets_between(ZoneInfo(zone), begin_s, end_s)
    assert [at_s for at_s, _ in told] == sorted(at_s for at_s, _ in told)
    for at_s in (begin_s + share * (end_s - begin_s), *(at_s for at_s, _ in told), *(at_s - 1 for at_s, _ in told[1:])):
        known = [offset_s for from_s, offset_s in told if from_s <= at_s]
        assert timedelta(seconds=known[-1]) == datetime.fromtimestamp(at_s, ZoneInfo(zone)).utcoffset()


def test_the_hour_that_comes_twice_is_told_to_the_second() -> None:
    told = offsets_between(ZoneInfo("Europe/Zurich"), datetime(2026, 10, 24, tzinfo=UTC).timestamp(), datetime(2026, 10, 26, tzinfo=UTC).timestamp())
    assert told == [(datetime(2026, 10, 24, tzinfo=UTC).timestamp(), 7200), (datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp(), 3600)]


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("UTC", "gate_20261123T120000-120130_Z.mp4"),
        ("Europe/Zurich", "gate_20261123T130000-130130_p0100.mp4"),
        ("America/St_Johns", "gate_20261123T083000-083130_m0330.mp4"),
        ("Asia/Kathmandu", "gate_20261123T174500-174630_p0545.mp4"),
    ],
)
def test_an_export_is_named_by_camera_and_time(zone: str, name: str) -> None:
    begin_s = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
    assert file_name("gate", begin_s, begin_s + 90, ZoneInfo(zone)) == name


def test_exports_of_the_hour_that_comes_twice_have_names_of_their_own() -> None:
    begin_s = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    zone = ZoneInfo("Europe/Zurich")
    assert file_name("gate", begin_s, begin_s + 60, zone) != file_name("gate", begin_s + 3600, begin_s + 3660, zone)


def test_cameras_are_those_of_the_site_file_and_those_of_which_there_are_recordings(tmp_path: Path) -> None:
    for name in ("gate", "old-one", "Not An Id", "..."):
        (tmp_path / "cameras" / name).mkdir(parents=True)
    archive = Archive(tmp_path, KeptReceipts(), lambda: ArchiveFacts(names={"hall": "Hall", "gate": "Gate"}))
    assert archive.cameras() == ("hall", "gate", "old-one")
    assert archive.knows("old-one")
    for camera in ("Not An Id", "...", "..", "", "gate/", "gate\n", "../cameras/gate"):
        assert not archive.knows(camera)
