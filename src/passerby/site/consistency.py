"""What single keys cannot tell: ids that occur twice, keys that exclude each other.

Looked at in the document as parsed, so that a wrong number elsewhere hides none of it.
"""

from collections.abc import Iterator
from typing import Any

from passerby.site.addresses import VARIABLE, has_user, is_stream, scheme_of
from passerby.site.channel_rules import channel_inconsistencies
from passerby.site.feeding import hazard_problems
from passerby.site.problem import Problem
from passerby.site.values import host_and_port, is_loopback


def inconsistencies(document: dict[str, Any]) -> list[Problem]:
    """The problems between keys; keys of a wrong kind are left to the models."""
    found = [*_place(document.get("site")), *_server(document.get("server"))]
    cameras = document.get("camera")
    ids: dict[str, int] = {}
    for index, camera in enumerate(cameras if isinstance(cameras, list) else []):
        if isinstance(camera, dict):
            found += [*_camera(camera, f"camera[{index}]", ids, index), *_tls(camera, f"camera[{index}]")]
    for kind in ("zone", "line"):
        found += _counted(document.get(kind), kind, ids)
    return [*found, *hazard_problems(document), *channel_inconsistencies(document)]


def _counted(tables: object, kind: str, cameras: dict[str, int]) -> Iterator[Problem]:
    """Zones or lines: of cameras that are there, each id once in the whole site."""
    ids: dict[str, int] = {}
    for index, one in enumerate(tables if isinstance(tables, list) else []):
        if not isinstance(one, dict):
            continue
        camera, name = one.get("camera"), one.get("id")
        if isinstance(camera, str) and cameras and camera not in cameras:
            known = ", ".join(list(cameras)[:5])
            yield Problem(
                f"{kind}[{index}].camera", f"the id of a camera of this file, such as {known}", "a zone and a line belong to one camera each"
            )
        if isinstance(name, str):
            first = ids.setdefault(name, index)
            if first != index:
                yield Problem(f"{kind}[{index}].id", f"an id that no other {kind} has, {kind}[{first}] has this one", "the history hangs on the id")


def _place(place: object) -> Iterator[Problem]:
    if isinstance(place, dict) and "workers" in place and "cameras_per_worker" in place:
        yield Problem("site.cameras_per_worker", "'workers' or 'cameras_per_worker', not both", "leave one of them out, or both")


def _server(server: object) -> Iterator[Problem]:
    if not isinstance(server, dict):
        return
    for one, other in (("certificate", "key"), ("key", "certificate")):
        if one in server and other not in server:
            yield Problem(f"server.{other}", f"the {other} that belongs to the {one}; the key is missing", f"TLS needs both: {one} and {other}")
    behind_proxy = server.get("behind_proxy") is True
    if "proxies" in server and not behind_proxy:
        yield Problem("server.proxies", "this key with behind_proxy = true only", "set that, or leave this out")
    address = server.get("address")
    try:
        host = host_and_port(address)[0] if isinstance(address, str) else "localhost"
    except ValueError:  # told by the model
        return
    if not is_loopback(host) and not behind_proxy and not ("certificate" in server and "key" in server):
        hint = "certificate and key, or behind_proxy = true with a proxy that does TLS; docs/guide/accounts.md tells how"
        yield Problem("server.address", "an address of this machine only, or TLS", hint)


def _tls(camera: dict[str, Any], key: str) -> Iterator[Problem]:
    if camera.get("tls") == "trust" and "tls_certificate" in camera:
        yield Problem(f"{key}.tls_certificate", "no certificate where any is trusted", 'leave it out, or set tls = "verify"')


def _camera(camera: dict[str, Any], key: str, ids: dict[str, int], index: int) -> Iterator[Problem]:
    name = camera.get("id")
    if isinstance(name, str):
        first = ids.setdefault(name, index)
        if first != index:
            yield Problem(f"{key}.id", f"an id that no other camera has, camera[{first}] has this one", "recordings and addresses hang on the id")
    if "password" in camera and "password_file" in camera:
        yield Problem(f"{key}.password_file", "'password' or 'password_file', not both", "leave one of them out")
    has_password = "password" in camera or "password_file" in camera
    if has_password and "user" not in camera:
        yield Problem(f"{key}.user", "the user name that the password belongs to; the key is missing", 'user = "viewer"')
    if "user" in camera and not has_password:
        yield Problem(f"{key}.password", "the user's password; the key is missing", 'password = "${CAMERA_PASSWORD}", or password_file')
    user = camera.get("user")
    if isinstance(user, str) and ":" in VARIABLE.sub("", user):
        yield Problem(f"{key}.user", "a user name without a colon", "a colon ends the user name (RFC 7617)")
    source = camera.get("source")
    if not isinstance(source, str):
        return
    if ("user" in camera or has_password) and has_user(source):
        yield Problem(f"{key}.user", "a user in the address or under 'user', not both", "take it out of the address")
    if ("user" in camera or has_password) and not VARIABLE.match(source) and not is_stream(source) and scheme_of(source) in ("", "file"):
        yield Problem(f"{key}.user", "no user and no password for a video file", "leave them out")
