"""A problem is told with the line of its key."""

import pytest

from passerby.site.lines import line_of

TEXT = """# a comment
[site]
name = "x"  # id = 3
[[camera]]
id = "a"
never = [
  [[0, 0]],
]
 [[ camera ]] # the second
"id" = "b"
[server]
address="x"
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("site.name", 3),
        ("site", 2),
        ("site.time_zone", 2),
        ("camera[0].id", 5),
        ("camera[0].never[0][1]", 6),
        ("camera[1].id", 10),
        ("camera[1].purpose", 9),
        ("camera[2].id", None),
        ("server.address", 12),
        ("recording", None),
        ("", None),
        ("(unprintable)", None),
    ],
)
def test_the_line_of_a_key_is_found_or_that_of_its_table(key: str, line: int | None) -> None:
    assert line_of(TEXT, key) == line
