"""What must be there before other machines may reach a site: a password, and TLS files that can be used. Opens these files."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from passerby.errors import SiteError
from passerby.site.problem import Problem, site_error
from passerby.site.settings import Server, Site

ACCOUNTS: Final = "accounts.json"
"""In the state folder. What stands in it: `serve.accounts.store`."""
_WITH_PASSWORD: Final = "an address of this machine only and no proxy, or a password"  # noqa: S105 - what is expected, no password


def missing_for_others(site: Site) -> tuple[Problem, ...]:
    """What is missing, as problems of keys; nothing = the server may listen where the site file says."""
    return (*_accounts(site), *_tls(site.server))


def require_reach(site: Site, where: str = "site.toml") -> None:
    """Refuses a site that others could reach without a login, or whose TLS files cannot be used; `where` is its file.

    Raises:
        SiteError: All that is missing, with what to do.
    """
    problems = missing_for_others(site)
    if problems:
        raise site_error(where, problems)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server's side of TLS with these files.

    Raises:
        SiteError: They cannot be read, are no PEM, or do not belong together.
    """
    problem = _context(certificate, key)
    if isinstance(problem, Problem):
        raise SiteError(f"{problem.key}: expected {problem.expected}", problem.hint)
    return problem


def _accounts(site: Site) -> Iterator[Problem]:
    if not site.server.others_reach_it:
        return
    path = site.state_folder / ACCOUNTS
    key = "server.behind_proxy" if site.server.behind_proxy else "server.address"
    try:
        found = json.loads(path.read_bytes())
        if isinstance(found, dict) and found.get("password"):
            return
    except FileNotFoundError:
        yield Problem(key, _WITH_PASSWORD, "set one first: passerby account password site.toml")
        return
    except (OSError, ValueError, RecursionError):
        pass
    yield Problem(key, _WITH_PASSWORD, f"'{path}' cannot be read, or is damaged: mend its owner, or move it away and set the password anew")


def _tls(server: Server) -> Iterator[Problem]:
    if server.certificate is None or server.key is None:
        return
    context = _context(server.certificate, server.key)
    if isinstance(context, Problem):
        yield context


def _context(certificate: Path, key: Path) -> ssl.SSLContext | Problem:
    for path, name in ((certificate, "certificate"), (key, "key")):
        try:
            with path.open("rb") as file:
                file.read(1)
        except OSError as error:
            hint = f"'{path}' cannot be read: {error.strerror}; the user that runs Passerby must be able to"
            return Problem(f"server.{name}", "a file that can be read", hint)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # A passphrase is never asked for: nobody is there to give it.
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except (OSError, ValueError):  # OpenSSL's words name neither file
        hint = f"'{certificate}' and '{key}' are no such pair; the key has no passphrase"
        return Problem("server.certificate", "a certificate and its key, both as PEM", hint)
    return context


def _no_passphrase() -> str:
    raise ValueError("the key has a passphrase")
