"""Files of sites for tests: as text, since text is what people write."""

from pathlib import Path

SITE = '[site]\nname = "Central station"\n'


def camera_table(camera_id: str = "gate-1", source: str = "rtsp://10.0.0.5/stream", **keys: str) -> str:
    """A table [[camera]]; the values of `keys` are TOML."""
    lines = ["", "[[camera]]", f'id = "{camera_id}"', f'source = "{source}"', 'purpose = "Crowding is seen in time."']
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in keys.items())]) + "\n"


def login(user: str, password: str = "", file: str = "") -> dict[str, str]:
    """The keys of a user with a password or the file of one."""
    keys = {"user": user, "password": password, "password_file": file}
    return {key: f'"{value}"' for key, value in keys.items() if value}


def write_site(folder: Path, text: str) -> Path:
    """The path of a site.toml with this text."""
    path = folder / "site.toml"
    path.write_text(text, "utf-8")
    return path
