"""What a folder holds."""

from pathlib import Path


def names_in(folder: Path) -> list[str]:
    """The names of everything in a folder, hidden ones too, in their order."""
    return sorted(path.name for path in folder.iterdir())
