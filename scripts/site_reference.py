"""Writes docs/reference/site.md and docs/reference/site.schema.json from the models of `site.toml`: python -m scripts.site_reference.

tests/site/test_schema.py fails where the files are not what this gives.
"""

from pathlib import Path
from typing import Final

from passerby.site.schema import reference_page, schema_text

REFERENCE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGE: Final = REFERENCE / "site.md"
SCHEMA: Final = REFERENCE / "site.schema.json"


def main() -> None:
    """Writes both."""
    PAGE.write_text(reference_page(), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
