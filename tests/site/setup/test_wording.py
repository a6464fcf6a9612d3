"""Whatever a device or a file is called, it ends no line, no text and no comment of the file."""

import re
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from passerby.site.setup.wording import MOST_ID, Ids, comment, one_line, slug, toml_text

ANY = st.text(st.characters(), max_size=300)


@given(ANY)
def test_any_text_is_read_back_from_toml_as_it_was_and_nothing_else_stands_there(text: str) -> None:
    whole = text.encode("utf-8", "replace").decode()
    assert tomllib.loads(f"a = {toml_text(text)}\nb = 1\n") == {"a": whole, "b": 1}


@given(ANY)
def test_any_comment_stays_one_line_of_comment(text: str) -> None:
    assert tomllib.loads(f"{comment(text)}\nb = 1\n") == {"b": 1}
    assert len(comment(text).splitlines()) == 1


@given(ANY)
def test_a_line_can_be_printed_whatever_it_is_made_of(text: str) -> None:
    line = one_line(text)
    assert line == "" or line.isprintable()
    assert len(line) <= 200
    assert line == line.strip()


@given(st.lists(ANY | st.sampled_from(["Gate", "gate", "G a t e", "x" * 60, ""]), max_size=30))
def test_ids_are_ids_and_no_two_are_the_same(names: list[str]) -> None:
    ids = Ids()
    made = [ids.made_of(name) for name in names]
    assert len(set(made)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,40}", camera_id) for camera_id in made)


def test_an_id_keeps_what_can_be_kept_of_a_name() -> None:
    assert slug("Gare de l'Est – Café №2") == "gare-de-l-est-cafe-no2"
    assert slug('"; rm -rf / #') == "rm-rf"
    assert slug("駅") == ""
    assert Ids().made_of("駅") == "camera"
    assert len(slug("a" * 100)) == MOST_ID


def test_the_second_of_a_name_gets_a_number_and_an_id_that_was_chosen_is_kept() -> None:
    ids = Ids()
    assert ids.take("gate")
    assert not ids.take("gate")
    assert [ids.made_of("Gate"), ids.made_of("gate!")] == ["gate-2", "gate-3"]
