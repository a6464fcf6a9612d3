"""What a channel needs to reach whom it tells: its address and secrets, put together when it is built, and kept nowhere else."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, ValidationError

from passerby.errors import SiteError
from passerby.site.channels import LEAST_SECRET, Channel, require_channel_address
from passerby.site.orders import HIDDEN
from passerby.site.problem import Problem, site_error
from passerby.site.secrets import Secrets, first_line
from passerby.site.settings import Site

_KEYS: Final = ("kind", "address", "user", "password", "password_file", "secret", "secret_file")


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """How a channel reaches whom it tells. Its repr is stars.

    Attributes:
        address: The address, with its variables' values.
        user, password: At a broker; "" = none.
        secret: What a webhook's requests are signed with; "" = none.
        certificate: File with the server's certificate or its authority's; None = the system's authorities.
    """

    address: str
    user: str = ""
    password: str = ""
    secret: str = ""
    certificate: Path | None = None

    def __repr__(self) -> str:
        return f"Access({HIDDEN})"


def accesses(site: Site, environ: Mapping[str, str] | None = None) -> dict[str, Access]:
    """How each channel of a site reaches whom it tells, by id.

    Raises:
        SiteError: A variable or a file is missing, or holds what is no such address; all of it is told, and no secret is.
    """
    secrets = Secrets(os.environ if environ is None else environ)
    found: dict[str, Access] = {}
    problems: list[Problem] = []
    for index, channel in enumerate(site.channels):
        access = access_of(channel, f"channel[{index}]", secrets, problems)
        if access is not None:
            found[channel.id] = access
    if problems:
        raise site_error("site.toml", tuple(problems))
    return found


def missing_channel_secrets(document: dict[str, Any], folder: Path, environ: Mapping[str, str]) -> list[Problem]:
    """What is missing for the channels of a parsed site.toml, also where something else in it is wrong. Opens the files of secrets."""
    channels = document.get("channel")
    found: list[Problem] = []
    for index, table in enumerate(channels if isinstance(channels, list) else []):
        keys = {key: table[key] for key in _KEYS if key in table} if isinstance(table, dict) else {}
        with suppress(ValidationError):  # told by `reading`
            channel = Channel.model_validate({"id": "any", **keys}, context={"folder": folder})
            access_of(channel, f"channel[{index}]", Secrets(environ), found)
    return found


def access_of(channel: Channel, key: str, secrets: Secrets, problems: list[Problem]) -> Access | None:
    """How a channel reaches whom it tells; None = something is missing.

    Args:
        channel: The channel.
        key: Path of its table.
        secrets: Where variables are looked up.
        problems: What is missing is added.
    """
    before = len(problems)
    address = secrets.text(channel.address.get_secret_value(), f"{key}.address", problems)
    user = "" if channel.user is None else secrets.text(channel.user.get_secret_value(), f"{key}.user", problems)
    password = _secret(channel.password, channel.password_file, (key, "password"), secrets, problems)
    secret = _secret(channel.secret, channel.secret_file, (key, "secret"), secrets, problems)
    if len(problems) == before:
        try:
            require_channel_address(channel.kind, address)
        except ValueError:
            problems.append(Problem(f"{key}.address", "an address of its kind, once its variables are filled in", "look at what the variables hold"))
        if channel.kind == "webhook" and len(secret) < LEAST_SECRET:
            hint = "for instance what `openssl rand -hex 32` prints"
            problems.append(Problem(f"{key}.secret", f"a secret of at least {LEAST_SECRET} letters, to sign with", hint))
    return Access(address, user, password, secret, channel.tls_certificate) if len(problems) == before else None


def _secret(template: SecretStr | None, path: Path | None, key: tuple[str, str], secrets: Secrets, problems: list[Problem]) -> str:
    table, name = key
    if template is not None:
        return secrets.text(template.get_secret_value(), f"{table}.{name}", problems)
    if path is None:
        return ""
    try:
        return first_line(path)
    except SiteError as error:
        problems.append(Problem(f"{table}.{name}_file", f"a file with the {name} as its first line", error.hint))
        return ""
