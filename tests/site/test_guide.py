"""What the guide says about `site.toml` is true."""

import re
from pathlib import Path

from passerby.site.problem import Problem
from passerby.site.reading import problems_of, site_of

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guide" / "site.md").read_text("utf-8")


def test_the_example_of_a_site_is_one() -> None:
    examples = re.findall(r"^```toml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    site, problems = site_of(examples[0], Path("site.toml"))
    assert problems == ()
    assert site is not None
    assert [len(camera.never) for camera in site.cameras] == [0, 2]


def test_the_example_of_problems_is_what_is_told() -> None:
    (example,) = re.findall(r"^    site\.toml: 2 problems\n((?:      .*\n)+)", GUIDE, re.MULTILINE)
    told = re.findall(r"line \d+: (\S+)\n +expected (.*)\n +(.*)\n", example)
    text = '[site]\nname = "x"\n[[camera]]\nid = "a"\nsource = "rtsp://h/"\npurpose = "x"\nsettle_s = 0.5\nreteniton = "1 h"\n'
    assert [(p.key, _expected(p), p.hint) for p in problems_of(text, Path("site.toml"))] == told


def _expected(problem: Problem) -> str:
    return problem.expected + (f", not {problem.given}" if problem.given else "")


def test_every_table_and_key_that_the_guide_names_in_toml_exists() -> None:
    parts = re.findall(r"^    (\[recording\]\n(?:    .*\n)+)", GUIDE, re.MULTILINE)
    assert len(parts) == 1
    camera = '\n[[camera]]\nid = "a"\nsource = "rtsp://h/"\npurpose = "x"\n'
    assert problems_of(f'[site]\nname = "x"\n{parts[0]}{camera}', Path("site.toml")) == ()
