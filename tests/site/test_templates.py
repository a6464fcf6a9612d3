"""Templates: nothing but named fields, whatever stands in the template or in the values."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.site.templates import MOST_VALUE, one_line, template_of

FIELDS = ("words", "camera")


def test_fields_are_filled_and_doubled_braces_are_braces() -> None:
    assert template_of("{{{words}}} at {camera}{{}}", FIELDS).filled({"words": "x", "camera": "y"}) == "{x} at y{}"


@pytest.mark.parametrize(
    "text", ["{", "}", "{}", "{0}", "{other}", "{words.x}", "{words[0]}", "{words!r}", "{words:9}", "{ words }", "{{words}", "{words}}"]
)
def test_what_is_no_field_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="no template"):
        template_of(text, FIELDS)


def test_values_are_never_looked_at_again() -> None:
    assert template_of("{words}", FIELDS).filled({"words": "{camera} {{ }}", "camera": "secret"}) == "{camera} {{ }}"


@given(st.text(max_size=2000))
def test_a_value_is_one_line_that_can_be_printed(text: str) -> None:
    line = one_line(text)
    assert len(line) <= MOST_VALUE
    assert not {unicodedata.category(letter) for letter in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(alphabet="{}wordscamer.![]:09", max_size=40), st.text(max_size=40))
def test_whatever_is_taken_gives_back_its_texts_and_values_only(text: str, value: str) -> None:
    try:
        template = template_of(text, FIELDS)
    except ValueError:
        return
    filled = template.filled({"words": value, "camera": value})
    assert filled == "".join(piece + (one_line(value) if field else "") for piece, field in template.pieces)
