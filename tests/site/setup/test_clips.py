"""A folder of clips as cameras, whatever the clips are called."""

import os
from pathlib import Path

import pytest

from passerby.errors import InputError
from passerby.site.addresses import absolute, filled, require_address
from passerby.site.setup.clips import MOST_CLIPS, offers_of_clips, source_of
from passerby.site.setup.wording import Ids

NAMES = ["plain.mp4", "with space.avi", 'quo"te.mp4', "${HOME}.mp4", "~root.mp4", "li\nne.mp4", "\x1b[31mred.mp4", "üñ.mkv", "100%.mp4", "a#b?c.mp4"]


@pytest.mark.parametrize("name", NAMES)
def test_the_source_of_a_clip_leads_to_the_clip(name: str, tmp_path: Path) -> None:
    clip = tmp_path / "clips" / name
    for folder in (tmp_path, tmp_path / "clips", tmp_path / "elsewhere"):
        source = source_of(clip, folder)
        require_address(source)
        assert source.isprintable()
        assert absolute(filled(source, {}), folder) == clip.as_uri()


def test_a_name_that_is_no_text_has_an_address_still(tmp_path: Path) -> None:
    clip = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mp4"))
    assert source_of(clip, tmp_path).endswith("/%FF.mp4")


def test_a_folder_gives_its_clips_by_name_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.MP4", "a.avi", ".hidden.mp4", "notes.txt", "b.mkv"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.mp4").mkdir()
    offers = offers_of_clips(tmp_path, tmp_path, Ids())
    assert [(offer.id, offer.name, offer.source) for offer in offers] == [("a", "a", "a.avi"), ("b", "b", "b.MP4"), ("b-2", "b", "b.mkv")]
    (only,) = offers_of_clips(tmp_path / "notes.txt", tmp_path, Ids())
    assert only.source == "notes.txt"


def test_a_folder_that_gives_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no video"):
        offers_of_clips(tmp_path, tmp_path, Ids())
    with pytest.raises(InputError, match="cannot be read"):
        offers_of_clips(tmp_path / "absent", tmp_path, Ids())
    for number in range(MOST_CLIPS + 1):
        (tmp_path / f"{number}.mp4").write_bytes(b"")
    with pytest.raises(InputError, match=f"holds {MOST_CLIPS + 1} clips"):
        offers_of_clips(tmp_path, tmp_path, Ids())
