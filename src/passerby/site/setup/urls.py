"""Addresses that were given on the command line, taken apart: what of one may stand in a file, and what is a secret.

A password in the address, and a path or a query that holds one, go into the file of variables. What the user wrote as a variable stays one.
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from passerby.errors import SettingsError
from passerby.site.addresses import VARIABLE, is_stream, require_address
from passerby.site.setup.offer import Login, Offer
from passerby.site.setup.vault import Vault
from passerby.site.setup.wording import Ids, one_line

_NAMED: Final = re.compile(r"([a-z0-9-]{1,40})=(.*)", re.DOTALL)
_PARTS: Final = re.compile(r"([A-Za-z]+://)(?:([^/?#]*)@)?([^/?#]*)(.*)", re.DOTALL)
_SECRET_WORD: Final = re.compile(r"(?:pass|pwd|psw|token|auth|secret|key|sig|cred|login|usr|user)[a-z_-]*=", re.IGNORECASE)
_HINT: Final = "rtsp://user:password@host/path, with every special character of user and password percent-encoded: @ is %40, / is %2F"


def offers_of_urls(given: Sequence[str], ids: Ids, vault: Vault, login: Login | None) -> list[Offer]:
    """The cameras of addresses, in their order. Those that are named take their ids first. Arguments as of `offer_of_url`."""
    numbered = sorted(enumerate(given, 1), key=lambda pair: _NAMED.fullmatch(pair[1]) is None)
    offers = {number: offer_of_url(text, number, ids, vault, login) for number, text in numbered}
    return [offers[number] for number in sorted(offers)]


def offer_of_url(given: str, number: int, ids: Ids, vault: Vault, login: Login | None) -> Offer:
    """The camera of an address, or of `ID=ADDRESS`.

    Args:
        given: What stands on the command line.
        number: Which of the addresses it is, from 1: an error names it so, and never quotes it.
        ids: The ids that are taken.
        vault: Takes what is secret of it.
        login: User and password where it has none.

    Raises:
        SettingsError: It is no address of a stream, or its id is taken.
    """
    named = _NAMED.fullmatch(given)
    address = named[2] if named else given
    where = f"address {number}"
    _require_stream(address, where)
    whole = VARIABLE.fullmatch(address)
    host = "" if VARIABLE.match(address) else _host(address)
    camera_id = _id(named[1], ids, where) if named else ids.made_of(whole[1] if whole else f"camera-{host}")
    if VARIABLE.match(address):
        return Offer(camera_id, "", address)
    return _taken_apart(address, camera_id, vault, login, where)


def split_path(address: str, camera_id: str, vault: Vault) -> str:
    """The address with its path as a variable, where the path or the query looks as if a password, a token or a user stood in it."""
    match = _PARTS.fullmatch(address)
    if match is None or VARIABLE.search(match[4]) or not _SECRET_WORD.search(unquote(match[4])):
        return address
    user = f"{match[2]}@" if match[2] is not None else ""
    return f"{match[1]}{user}{match[3]}/{vault.keep(camera_id, 'PATH', match[4].removeprefix('/'))}"


def _require_stream(address: str, where: str) -> None:
    try:
        require_address(address)
    except ValueError:
        raise SettingsError(f"{where} is not an address that can be used", _HINT) from None
    bare = VARIABLE.sub("", address)
    if len(address) > 1000 or "${" in bare or not address.isprintable():
        raise SettingsError(f"{where} is too long, or holds something that is no variable and looks like one", _HINT)
    if not is_stream(address) and not VARIABLE.match(address):
        raise SettingsError(f"{where} begins with none of rtsp://, rtsps://, http://, https://", "video files are given with --clips")


def _id(wanted: str, ids: Ids, where: str) -> str:
    if not ids.take(wanted):
        raise SettingsError(f"{where}: another camera is called '{wanted}', too", "give each camera an id of its own")
    return wanted


def _host(address: str) -> str:
    return urlsplit(VARIABLE.sub("1", address)).hostname or ""


def _taken_apart(address: str, camera_id: str, vault: Vault, login: Login | None, where: str) -> Offer:
    match = _PARTS.fullmatch(address)
    if match is None:  # `require_address` has looked at it
        raise SettingsError(f"{where} is not an address that can be used", _HINT)
    source = split_path(f"{match[1]}{match[3]}{match[4]}", camera_id, vault)
    user, colon, password = (match[2] or "").partition(":")
    if not user and not password:
        return with_login(Offer(camera_id, "", source), login)
    kept = _variable_of(password, camera_id, vault, where) if colon and password else ""
    if not kept:
        return Offer(camera_id, "", source.replace("://", f"://{match[2]}@", 1))
    plain = user if VARIABLE.fullmatch(user) else unquote(user)
    if not plain or ":" in plain or one_line(plain) != plain or "${" in VARIABLE.sub("", plain):
        raise SettingsError(f"{where}: a user name in one line, without a colon, was expected", _HINT)
    return Offer(camera_id, "", source, user=plain, password=kept)


def _variable_of(password: str, camera_id: str, vault: Vault, where: str) -> str:
    """What stands for the password in the file."""
    if VARIABLE.fullmatch(password):
        return password
    plain = unquote(password)
    if VARIABLE.search(password) or not plain.isprintable():
        raise SettingsError(f"{where}: a password, or a variable in its place and nothing else, was expected", _HINT)
    return vault.keep(camera_id, "PASSWORD", plain)


def with_login(offer: Offer, login: Login | None) -> Offer:
    """The offer with the user and the password that were given for all."""
    if login is None:
        return offer
    return Offer(offer.id, offer.name, offer.source, login.user, login.template, login.file if not login.template else "", offer.told, offer.refused)
