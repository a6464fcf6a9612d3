"""The machine's time zone, by its name."""

from pathlib import Path

import pytest

from passerby.site.setup.zone import is_zone, local_zone


@pytest.mark.parametrize(
    ("tz", "link", "found"),
    [
        ("", "/usr/share/zoneinfo/Europe/Zurich", "Europe/Zurich"),
        ("", "../usr/share/zoneinfo/Etc/UTC", "Etc/UTC"),
        ("Asia/Tokyo", "/usr/share/zoneinfo/Europe/Zurich", "Asia/Tokyo"),
        (":Asia/Tokyo", "", "Asia/Tokyo"),
        ("CET-1CEST", "/usr/share/zoneinfo/Europe/Zurich", "Europe/Zurich"),
        ("../../etc/passwd", "", ""),
        ("", "/etc/somewhere", ""),
        ("", "", ""),
    ],
)
def test_it_is_what_the_environment_says_else_the_system(tz: str, link: str, found: str, tmp_path: Path) -> None:
    local = tmp_path / "localtime"
    if link:
        local.symlink_to(link)
    assert local_zone({"TZ": tz} if tz else {}, local) == found


def test_a_site_file_may_name_zones_that_there_are() -> None:
    assert is_zone("UTC")
    assert not is_zone("Mars/Olympus")
    assert not is_zone("\0")
