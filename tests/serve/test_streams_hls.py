import re
from datetime import datetime

import pytest

from passerby.serve.hls import KEPT, LISTED, SEGMENT_S, HlsWindow
from passerby.serve.streamer_orders import SEGMENT_PICTURES

ORIGIN_S = 1_795_434_960.25


@pytest.fixture
def window() -> HlsWindow:
    window = HlsWindow(ORIGIN_S)
    window.begin(b"init")
    return window


def fill(window: HlsWindow, numbers: range) -> None:
    for number in numbers:
        window.put(number * SEGMENT_PICTURES, f"segment {number}".encode())


def listed(window: HlsWindow) -> list[str]:
    playlist = window.playlist()
    assert playlist is not None
    return re.findall(r"^(\d+\.m4s)$", playlist, re.MULTILINE)


def value(window: HlsWindow, tag: str) -> str:
    playlist = window.playlist()
    assert playlist is not None
    found = re.search(rf"^#EXT-X-{tag}:(.*)$", playlist, re.MULTILINE)
    assert found is not None, tag
    return found[1]


def test_before_the_first_segment_there_is_no_playlist() -> None:
    window = HlsWindow(ORIGIN_S)
    assert window.playlist() is None
    window.put(0, b"without what a player must know")
    assert window.playlist() is None


def test_all_that_is_listed_can_be_had(window: HlsWindow) -> None:
    fill(window, range(40))
    names = listed(window)
    assert len(names) == LISTED
    assert window.file(names[-1]) == b"segment 39"
    assert all(window.file(name) for name in names)
    assert window.file(value(window, "MAP").partition('"')[2].rstrip('"')) == b"init"


def test_what_left_the_playlist_can_be_had_for_as_long_as_the_playlist_lasts(window: HlsWindow) -> None:
    fill(window, range(20))
    names = listed(window)
    fill(window, range(20, 20 + KEPT - LISTED))
    assert names[0] not in listed(window)
    assert all(window.file(name) for name in names)
    fill(window, range(60, 60 + KEPT))
    assert not any(window.file(name) for name in names)


def test_numbers_grow_by_one_and_name_the_first_segment(window: HlsWindow) -> None:
    fill(window, range(30))
    numbers = [int(name.removesuffix(".m4s")) for name in listed(window)]
    assert numbers == list(range(numbers[0], numbers[0] + LISTED))
    assert int(value(window, "MEDIA-SEQUENCE")) == numbers[0]


def test_no_segment_is_longer_than_the_playlist_says(window: HlsWindow) -> None:
    fill(window, range(3))
    assert round(SEGMENT_S) <= int(value(window, "TARGETDURATION"))
    assert 3 * int(value(window, "TARGETDURATION")) <= LISTED * SEGMENT_S


def test_the_date_is_that_of_the_first_picture(window: HlsWindow) -> None:
    fill(window, range(2, 4))
    assert datetime.fromisoformat(value(window, "PROGRAM-DATE-TIME")).timestamp() == ORIGIN_S + 1.0


def test_pictures_of_another_size_come_after_a_discontinuity_with_their_own_init(window: HlsWindow) -> None:
    fill(window, range(3))
    window.begin(b"another")
    fill(window, range(3, 5))
    playlist = window.playlist()
    assert playlist is not None
    assert playlist.count("#EXT-X-DISCONTINUITY\n") == 1
    first, second = re.findall(r'#EXT-X-MAP:URI="(.*)"', playlist)
    assert (window.file(first), window.file(second)) == (b"init", b"another")
    assert playlist.index("#EXT-X-DISCONTINUITY\n") < playlist.index(second)


def test_a_discontinuity_that_left_the_playlist_is_counted(window: HlsWindow) -> None:
    fill(window, range(3))
    window.begin(b"another")
    counts = []
    for number in range(3, 50):
        fill(window, range(number, number + 1))
        playlist = window.playlist()
        assert playlist is not None
        counts.append(int(value(window, "DISCONTINUITY-SEQUENCE")) + playlist.count("#EXT-X-DISCONTINUITY\n"))
    assert set(counts) == {1}


def test_the_same_init_once_more_is_none(window: HlsWindow) -> None:
    fill(window, range(2))
    window.begin(b"init")
    fill(window, range(2, 4))
    playlist = window.playlist()
    assert playlist is not None
    assert "#EXT-X-DISCONTINUITY\n" not in playlist
    assert playlist.count("#EXT-X-MAP") == 1


def test_a_jump_in_time_is_a_discontinuity(window: HlsWindow) -> None:
    fill(window, range(2))
    fill(window, range(200, 202))
    playlist = window.playlist()
    assert playlist is not None
    assert playlist.count("#EXT-X-DISCONTINUITY\n") == 1
    assert playlist.count("#EXT-X-PROGRAM-DATE-TIME") == 2


def test_a_segment_that_was_given_already_is_left_out(window: HlsWindow) -> None:
    fill(window, range(4))
    fill(window, range(2, 5))
    assert len(listed(window)) == 5
    assert window.next_picture == 5 * SEGMENT_PICTURES


def test_numbers_never_come_again(window: HlsWindow) -> None:
    fill(window, range(10))
    before = set(listed(window))
    window.clear()
    assert window.playlist() is None
    window.begin(b"init")
    fill(window, range(30, 33))
    later = HlsWindow(ORIGIN_S + 20)
    later.begin(b"init")
    fill(later, range(3))
    assert not before & set(listed(window))
    assert not before & set(listed(later))


def test_numbers_fit_into_31_bits_for_decades() -> None:
    for year_s in (0.0, ORIGIN_S, ORIGIN_S + 25 * 365.25 * 86_400):
        window = HlsWindow(year_s)
        window.begin(b"init")
        fill(window, range(3))
        assert 0 <= int(value(window, "MEDIA-SEQUENCE")) < 2**31


@pytest.mark.parametrize("name", ["../../etc/passwd", "", ".m4s", "init.mp4", "0.m4s"])
def test_other_names_are_none(window: HlsWindow, name: str) -> None:
    fill(window, range(3))
    assert window.file(name) is None


def test_what_a_player_must_know_outlives_the_pictures_that_were_let_go_of() -> None:
    """An encoder tells it once. It goes on where nobody watched for a moment."""
    window = HlsWindow(0.0)
    window.begin(b"init")
    window.put(0, b"one")
    window.clear()
    assert window.playlist() is None
    window.put(SEGMENT_PICTURES, b"two")
    playlist = window.playlist()
    assert playlist is not None
    named = next(line for line in playlist.splitlines() if line.startswith("#EXT-X-MAP")).split('"')[1]
    assert window.file(named) == b"init"
