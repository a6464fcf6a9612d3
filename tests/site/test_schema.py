"""The schema for editors and the reference page are what the models say, and the schema takes and refuses what the reader does."""

import tomllib
from pathlib import Path

import pytest
from scripts.site_reference import PAGE, SCHEMA

from passerby.site.expected import expected_of, keys_of, tables
from passerby.site.reading import problems_of
from passerby.site.schema import reference_page, schema_text, site_schema
from tests.support.json_schema import is_valid
from tests.support.site_files import SITE, camera_table

GOOD = [
    SITE + camera_table(),
    SITE + 'time_zone = "Europe/Zurich"\nworkers = 3\nworker_memory = "4 GB"\n' + camera_table(retention='"72 h"', settle_s="20", loop="false"),
    SITE + '[server]\naddress = "localhost:0"\n[recording]\nmax_hold = "30 days"\n[detector]\ndevice = "cpu"\n' + camera_table(),
    SITE + '[server]\naddress = "0.0.0.0:80"\nbehind_proxy = true\nproxies = ["10.0.0.0/8"]\nnames = ["a.example"]\n' + camera_table(),
    SITE + camera_table(never="[[[0, 0], [9, 0], [9, 9.5]]]", ground="[1, 0, 0, 0, 1, 0, 0, 0, 1]", fps_limit="12.5", release_level='"heat"'),
]
BAD = [
    "",
    SITE,
    SITE + "x = 1\n" + camera_table(),
    SITE + camera_table(x="1"),
    SITE + camera_table(settle_s="0"),
    SITE + camera_table(settle_s='"20"'),
    SITE + camera_table(min_person_px="24.5"),
    SITE + camera_table(retention="72"),
    SITE + camera_table(retention='"72 hours ago"'),
    SITE + camera_table(release_level='"raw"'),
    SITE + camera_table(never="[[[0, 0], [9, 0]]]"),
    SITE + camera_table(never="[[[0, 0], [9, 0], [9]]]"),
    SITE + camera_table(ground="[1, 2]"),
    SITE + camera_table("Gate 1"),
    SITE + '[server]\naddress = "example.org:80"\n' + camera_table(),
    SITE + "[server]\nbehind_proxy = 1\n" + camera_table(),
    SITE + "[recording]\nenabled = 1\n" + camera_table(),
]


def test_the_schema_in_the_reference_is_what_the_models_give() -> None:
    assert SCHEMA.read_text("utf-8") == schema_text(), "run: python -m scripts.site_reference"


def test_the_page_in_the_reference_is_what_the_models_give() -> None:
    assert PAGE.read_text("utf-8") == reference_page(), "run: python -m scripts.site_reference"


@pytest.mark.parametrize("text", GOOD)
def test_what_the_reader_takes_the_schema_takes(text: str) -> None:
    assert problems_of(text, Path("site.toml")) == ()
    assert is_valid(tomllib.loads(text), site_schema())


@pytest.mark.parametrize("text", BAD)
def test_what_the_reader_refuses_for_its_form_the_schema_refuses(text: str) -> None:
    assert problems_of(text, Path("site.toml"))
    assert not is_valid(tomllib.loads(text), site_schema())


def test_every_key_has_a_description_and_says_what_belongs_there() -> None:
    for table, model in tables():
        for key, field in keys_of(model):
            assert (field.description or "").endswith("."), f"{table} {key}"
            words, _ = expected_of(field)
            assert words, f"{table} {key}"
            assert not words.endswith("."), f"{table} {key}"
