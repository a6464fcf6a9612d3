"""Secrets, looked up late: when the orders for the workers are written, and never kept.

`${NAME}` is a variable of the environment, `password_file` the first line of a file. What is missing is told by name; a value is in no error, no
log and no repr.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from passerby.errors import SiteError
from passerby.site.addresses import PUSH_SCHEMES, VARIABLE, absolute, filled, require_address, require_push_address, scheme_of, with_user
from passerby.site.problem import Problem
from passerby.site.settings import Camera

SECRET_KEYS: Final = frozenset({"source", "user", "password", "password_file", "push", "secret", "secret_file"})
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
            secrets = Secrets(environ)
            found += secrets.address(camera, f"camera[{index}]", folder)[1] + secrets.push(camera, f"camera[{index}]")[1]
    return found


def first_line(path: Path) -> str:
    """The password in a password file. Raises SiteError, which names the file and nothing that is in it."""
    message = f"'{path}': a file with the password as its first line was expected"
    try:
        with path.open("rb") as file:
            lines = file.read(MOST_SECRET_BYTES).decode("utf-8-sig").splitlines()
    except OSError as error:
        raise SiteError(message, f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SiteError(message, "it is no text in UTF-8") from None
    if not lines or not lines[0] or not lines[0].isprintable():
        raise SiteError(message, "its first line is empty, or cannot be printed")
    return lines[0]


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
        source = self.text(camera.source.get_secret_value(), f"{key}.source", problems)
        user = self.text(camera.user.get_secret_value(), f"{key}.user", problems) if camera.user else ""
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

    def push(self, camera: Camera, key: str) -> tuple[str | None, list[Problem]]:
        """The address that the camera's stream is sent to; None = it is not sent, or something is missing."""
        if camera.push is None:
            return None, []
        problems: list[Problem] = []
        address = self.text(camera.push.get_secret_value(), f"{key}.push", problems)
        if problems:
            return None, problems
        try:
            require_push_address(address)
        except ValueError:
            address = ""
        if scheme_of(address) not in PUSH_SCHEMES:
            hint = "look at what the variables in it hold"
            return None, [Problem(f"{key}.push", "an address that begins with rtsp:// or rtsps://, once its variables are filled in", hint)]
        return address, []

    def _password(self, camera: Camera, key: str, problems: list[Problem]) -> str:
        if camera.password is not None:
            return self.text(camera.password.get_secret_value(), f"{key}.password", problems)
        if camera.password_file is None:
            return ""
        try:
            return first_line(camera.password_file)
        except SiteError as error:
            problems.append(Problem(f"{key}.password_file", "a file with the password as its first line", error.hint))
            return ""

    def text(self, template: str, key: str, problems: list[Problem]) -> str:
        """The template with its variables' values. What is missing is added to the problems, as of that key."""
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
