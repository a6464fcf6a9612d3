"""Secrets, looked up late: when the orders for the workers are written, and never kept.

`${NAME}` is a variable of the environment, `password_file` the first line of a file. What is missing is told by name; a value is in no error, no
log and no repr.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from passerby.site.addresses import VARIABLE, absolute, filled, require_address, with_user
from passerby.site.problem import Problem
from passerby.site.settings import Camera

SECRET_KEYS: Final = frozenset({"source", "user", "password", "password_file"})
"""Nothing that stands under these is quoted, of whatever kind it is."""
MOST_SECRET_BYTES: Final = 4096


def missing_secrets(document: dict[str, Any], folder: Path, environ: Mapping[str, str]) -> list[Problem]:
    """What is missing for the cameras of a parsed site.toml, also where something else in it is wrong. Opens the password files.

    Args:
        document: The file as parsed.
        folder: The folder of the file.
        environ: The environment's variables.
    """
    cameras = document.get("camera")
    found: list[Problem] = []
    for index, table in enumerate(cameras if isinstance(cameras, list) else []):
        keys = {key: table[key] for key in SECRET_KEYS if key in table} if isinstance(table, dict) else {}
        with suppress(ValidationError):  # told by `reading`
            camera = Camera.model_validate({"id": "any", "purpose": "any", **keys}, context={"folder": folder})
            found += Secrets(environ).address(camera, f"camera[{index}]", folder)[1]
    return found


class Secrets:
    """Where secrets come from.

    Args:
        environ: The environment's variables.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __repr__(self) -> str:
        return "Secrets(***)"

    def address(self, camera: Camera, key: str, folder: Path) -> tuple[str, list[Problem]]:
        """The camera's address with user and password, as its worker gets it; "" and what is missing.

        Args:
            camera: The camera.
            key: Path of the camera's table, for the problems.
            folder: What paths of files count from.
        """
        problems: list[Problem] = []
        source = self._filled(camera.source.get_secret_value(), f"{key}.source", problems)
        user = self._filled(camera.user.get_secret_value(), f"{key}.user", problems) if camera.user else ""
        password = self._password(camera, key, problems)
        if ":" in user:
            problems.append(Problem(f"{key}.user", "a user name without a colon", "a colon ends the user name (RFC 7617)"))
        if problems:
            return "", problems
        try:
            require_address(source)
            address = absolute(source, folder)
        except ValueError:
            hint = "look at what the variables in it hold"
            return "", [Problem(f"{key}.source", "an address of a stream, or the path of a video file, once its variables are filled in", hint)]
        return (with_user(address, user, password) if camera.user else address), []

    def _password(self, camera: Camera, key: str, problems: list[Problem]) -> str:
        if camera.password is not None:
            return self._filled(camera.password.get_secret_value(), f"{key}.password", problems)
        if camera.password_file is None:
            return ""
        expected = "a file with the password as its first line"
        try:
            with camera.password_file.open("rb") as file:
                lines = file.read(MOST_SECRET_BYTES).decode("utf-8-sig").splitlines()
        except OSError as error:
            problems.append(Problem(f"{key}.password_file", expected, f"it cannot be read: {error.strerror}"))
            return ""
        except UnicodeDecodeError:
            problems.append(Problem(f"{key}.password_file", expected, "it is no text in UTF-8"))
            return ""
        if not lines or not lines[0] or not lines[0].isprintable():
            problems.append(Problem(f"{key}.password_file", expected, "its first line is empty, or cannot be printed"))
            return ""
        return lines[0]

    def _filled(self, template: str, key: str, problems: list[Problem]) -> str:
        """The template with its variables' values."""
        values: dict[str, str] = {}
        for name in dict.fromkeys(VARIABLE.findall(template)):
            value = self._environ.get(name, "")
            if not value:
                hint = "set it where Passerby is started, for instance in the service's EnvironmentFile"
                problems.append(Problem(key, f"the environment variable {name} to be set", hint))
            elif not value.isprintable():
                problems.append(Problem(key, f"the environment variable {name} to hold one line that can be printed"))
            values[name] = value
        return filled(template, values)
