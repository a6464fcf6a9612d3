"""What is allowed in a site.toml and still worth a word: `passerby check` tells it, and nothing is refused for it."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from passerby.site.addresses import TLS_SCHEMES, VARIABLE, has_clear_password, is_playlist, is_stream, scheme_of, verifies_server
from passerby.site.channel_notes import channel_notes
from passerby.site.planning import verifies
from passerby.site.problem import Problem
from passerby.site.settings import Camera, Site

_OTHERS: Final = stat.S_IRGRP | stat.S_IROTH
_BETTER: Final = "use a variable of the environment, ${NAME}, or password_file"


def notes_of(site: Site, path: Path) -> tuple[Problem, ...]:
    """The notes on a site; `path` is its file. Looks at the permissions of files and whether they are there, and opens none."""
    notes = [note for index, camera in enumerate(site.cameras) for note in _camera(camera, f"camera[{index}]", site)]
    if any(_is_clear(camera) for camera in site.cameras) and _is_open_to_others(path):
        notes.append(Problem("", "a file that only its owner can read, since a password stands in it", f"chmod 600 {path.name}"))
    notes += channel_notes(site)
    if site.server.key is not None and _is_open_to_others(site.server.key, stat.S_IROTH):
        notes.append(Problem("server.key", "a file that not everybody can read", f"chmod o= {site.server.key.name}"))
    return tuple(notes)


def _is_clear(camera: Camera) -> bool:
    password = camera.password.get_secret_value() if camera.password else ""
    return VARIABLE.sub("", password) != "" or has_clear_password(camera.source.get_secret_value())


def _camera(camera: Camera, key: str, site: Site) -> Iterator[Problem]:
    source = camera.source.get_secret_value()
    if _is_clear(camera):
        where = "password" if camera.password else "source"
        yield Problem(f"{key}.{where}", "a password that does not stand in the file in the clear", _BETTER)
    if camera.password_file is not None and _is_open_to_others(camera.password_file):
        yield Problem(f"{key}.password_file", "a file that only its owner can read", f"chmod 600 {camera.password_file.name}")
    if is_stream(source) and "loop" in camera.model_fields_set:
        yield Problem(f"{key}.loop", "this key with a video file only", "a stream has no end: leave it out")
    if is_stream(source) and not scheme_of(source).startswith("rtsp") and "transport" in camera.model_fields_set:
        yield Problem(f"{key}.transport", "this key with RTSP only", "leave it out")
    yield from _tls(camera, key, source)
    push = camera.push.get_secret_value() if camera.push else ""
    if scheme_of(push) == "rtsps" and not VARIABLE.search(push.rpartition("@")[2]) and not verifies_server(push):
        hint = (
            "it is encrypted, but whoever takes the server's place gets stream and password: give the server a public name and a certificate for it"
        )
        yield Problem(f"{key}.push", "a server whose certificate is verified", hint)
    if not is_stream(source) and not VARIABLE.search(source):
        path = Path(unquote(source[len("file://") :])) if scheme_of(source) == "file" else site.folder / Path(source).expanduser()
        if not path.is_file():
            yield Problem(f"{key}.source", "a video file that is there", "it is looked for until it is; paths count from the folder of site.toml")


def _tls(camera: Camera, key: str, source: str) -> Iterator[Problem]:
    """What of a camera's encryption is less than it seems."""
    if camera.tls_certificate is not None and not camera.tls_certificate.is_file():
        yield Problem(f"{key}.tls_certificate", "a file that is there", "without it the camera is not trusted, and not shown")
    if not is_stream(source):
        return
    if scheme_of(source) not in TLS_SCHEMES:
        if {"tls", "tls_certificate"} & camera.model_fields_set:
            yield Problem(f"{key}.tls", "this key with rtsps:// and https:// only", "leave it out")
    elif not verifies(camera, source):
        hint = "it is encrypted, but whoever takes the camera's place is not noticed: give tls_certificate, the certificate that the camera shows"
        yield Problem(f"{key}.tls", "a certificate that is verified", hint)
    elif is_playlist(source):
        hint = 'its segments cannot be verified, so it is refused: use RTSP, or tls = "trust"'
        yield Problem(f"{key}.tls", "a stream that is no HLS playlist", hint)


def _is_open_to_others(path: Path, bits: int = _OTHERS) -> bool:
    try:
        return bool(path.stat().st_mode & bits)
    except OSError:
        return False
