"""Passwords on their way out of addresses and into a file of variables, `site.env`, that only its owner can read."""

import re
from collections.abc import Mapping
from typing import Final

from passerby.site.setup.wording import comment

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+=,-]+")
_MEANS_SOMETHING: Final = re.compile(r'(["\\`$])')
_HEAD: Final = """\
# Passwords of {site}, written by `passerby init`. Whoever can read this file can see raw pictures: keep it to yourself, and out of version control.
# A shell:    set -a; . ./{own}; set +a
# systemd:    EnvironmentFile=/the/folder/{own}
"""


class Vault:
    """Values of variables, by name. Its repr holds none of them."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Vault({len(self._values)} values)"

    def __bool__(self) -> bool:
        return bool(self._values)

    def keep(self, camera_id: str, what: str, value: str) -> str:
        """Keeps a value; returns what stands for it in site.toml, such as `${PASSERBY_GATE_2_PASSWORD}`.

        A device may have named the camera: what all names begin with keeps it from naming a variable that means something to a shell or a program.
        """
        begin = camera_id.replace("-", "_").upper().strip("_") or "CAMERA"
        wanted = f"PASSERBY_{begin}_{what}"
        name, number = wanted, 1
        while name in self._values:
            number += 1
            name = f"{wanted}_{number}"
        self._values[name] = value
        return f"${{{name}}}"

    def set(self, name: str, value: str) -> None:
        """Keeps a value under a name that the user chose."""
        self._values[name] = value

    @property
    def values(self) -> Mapping[str, str]:
        """The values, by name."""
        return self._values

    def text(self, site: str, own: str) -> str:
        """The file: lines that shells and systemd's EnvironmentFile read alike.

        Args:
            site: Name of the site file.
            own: Name of the file itself.
        """
        head = "".join(f"{comment(line[2:])}\n" for line in _HEAD.format(site=site, own=own).splitlines())
        return head + "".join(f"{name}={_quoted(value)}\n" for name, value in self._values.items())


def _quoted(value: str) -> str:
    """In double quotes where it needs any: both read a backslash before these four characters alike, and single quotes differently."""
    return value if _PLAIN.fullmatch(value) else '"' + _MEANS_SOMETHING.sub(r"\\\1", value) + '"'
