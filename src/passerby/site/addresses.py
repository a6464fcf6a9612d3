"""Addresses of cameras: which ones there may be, how a user and a password go into one, and what of one may be shown.

An address can hold a secret anywhere: `rtsp://user:password@host`, `?token=`, and with some makers in the path. What is shown is the scheme, the
host and the port; of a file, its name.
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit

STREAM_SCHEMES: Final = ("rtsp", "rtsps", "http", "https")
TLS_SCHEMES: Final = ("rtsps", "https")
LOCAL_NAMES: Final = frozenset(
    ("arpa", "corp", "example", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost", "private", "test")
)
"""Last parts of names that no public authority certifies."""
PUSH_SCHEMES: Final = ("rtsp", "rtsps")
VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""`${NAME}`: a variable of the environment."""
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_IN_USER: Final = re.compile(r"([A-Za-z]+://)([^/?#]*@)?(.*)", re.DOTALL)
_STAND_IN: Final = "1"
"""Good as a host, as a port and in a path."""


def require_address(template: str) -> None:
    """Returns where the text is an address or the path of a file. A template that begins with a variable is looked at when it is filled.

    Raises:
        ValueError: It is none. The text is not in the error.
    """
    if VARIABLE.match(template):
        return
    text = VARIABLE.sub(_STAND_IN, template)
    if not text.isprintable():
        raise ValueError("cannot be printed")
    scheme = scheme_of(text)
    if scheme == "":
        return
    if scheme == "file":
        if not text.startswith("file:///"):
            raise ValueError("no absolute path")
        return
    if scheme not in STREAM_SCHEMES or " " in text:
        raise ValueError("no scheme of ours")
    if _may_hide_a_password(text):
        raise ValueError("a user or password that is not percent-encoded")
    parts = urlsplit(text)  # raises ValueError for brackets that do not match
    if not parts.hostname or parts.port == 0:  # raises ValueError for a port that is no number
        raise ValueError("no host")


def require_push_address(template: str) -> None:
    """Returns where a stream can be sent to the address. A template that begins with a variable is looked at when it is filled.

    Raises:
        ValueError: It cannot. The text is not in the error.
    """
    require_address(template)
    if not VARIABLE.match(template) and scheme_of(template) not in PUSH_SCHEMES:
        raise ValueError("no scheme that takes a stream")


def _may_hide_a_password(address: str) -> bool:
    """Whether an @ stands behind what looks like host and port: then that may be a user, and the beginning of a password with a / in it."""
    return "@" in "".join(re.split(r"[/?#]", address.partition("://")[2], maxsplit=1)[1:])


def scheme_of(address: str) -> str:
    """The scheme, in small letters; "" for the path of a file."""
    match = _SCHEME.match(address)
    return match[1].lower() if match else ""


def is_stream(template: str) -> bool:
    """Whether it is certainly no file."""
    return scheme_of(template) in STREAM_SCHEMES


def has_public_name(address: str) -> bool:
    """Whether a public authority can have certified the name in an address: no number, no name of a local network."""
    try:
        host = (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return False
    last = host.rpartition(".")[2]
    return "." in host and ":" not in host and not last.isdigit() and last not in LOCAL_NAMES


def is_playlist(address: str) -> bool:
    """Whether an address names an HLS playlist, whose segments come over connections of their own."""
    return urlsplit(VARIABLE.sub(_STAND_IN, address)).path.lower().endswith((".m3u8", ".m3u"))


def has_user(template: str) -> bool:
    """Whether user and password, or one of them, stand in the address."""
    match = _IN_USER.fullmatch(template)
    return bool(match and match[2])


def has_clear_password(template: str) -> bool:
    """Whether a password is written into the address, and not as a variable."""
    match = _IN_USER.fullmatch(template)
    if not match or not match[2]:
        return False
    _, colon, password = match[2][:-1].partition(":")
    return bool(colon and password) and VARIABLE.sub("", password) != ""


def with_user(address: str, user: str, password: str) -> str:
    """The address with user and password in it, encoded: any character may stand in them."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"


def filled(template: str, values: dict[str, str]) -> str:
    """The template with its variables' values: encoded where they are user or password, as they are elsewhere."""
    match = _IN_USER.fullmatch(template)
    if not match or not match[2]:
        return VARIABLE.sub(lambda found: values[found[1]], template)
    user = VARIABLE.sub(lambda found: quote(values[found[1]], safe=""), match[2])
    return match[1] + user + VARIABLE.sub(lambda found: values[found[1]], match[3])


def absolute(address: str, folder: Path) -> str:
    """The address as a worker gets it: a stream's as it is, a file's as file:// and its absolute path, percent-encoded."""
    scheme = scheme_of(address)
    if scheme == "file":
        return address
    return address if scheme else (folder / Path(address).expanduser()).absolute().as_uri()


def shown_address(template: str) -> str:
    """What may be shown of an address: scheme, host and port, or the file's name."""
    scheme = scheme_of(template)
    if scheme in STREAM_SCHEMES:
        if _may_hide_a_password(template):
            return f"{scheme}://"
        authority = re.split(r"[/?#]", template.partition("://")[2], maxsplit=1)[0]
        return f"{scheme}://{authority.rpartition('@')[2]}"
    if VARIABLE.match(template):
        return "from a variable"
    path = unquote(template[len("file://") :]) if scheme == "file" else template
    return f"file {Path(path).name}"


def verifies_server(push: str) -> bool:
    """Whether the server that a stream is sent to has to show a certificate for its name: one without a public name can have none."""
    return scheme_of(push) == "rtsps" and has_public_name(push)
