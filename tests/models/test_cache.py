import errno
import os
from pathlib import Path

import msgspec
import pytest

from passerby.errors import WeightsError
from passerby.models.cache import CacheState, default_cache_folder, licence_path, read_verified, store, weights_path
from passerby.models.manifest import WeightsEntry
from tests.models.conftest import DATA


def test_what_was_stored_is_read_back_verified_and_its_licence_lies_beside(file_entry: WeightsEntry, cache_folder: Path) -> None:
    weights_path(file_entry, cache_folder).parent.mkdir(parents=True)
    store(file_entry, cache_folder, DATA)
    assert read_verified(file_entry, cache_folder) == (CacheState.VERIFIED, DATA)
    licence = licence_path(file_entry, cache_folder).read_text("utf-8")
    assert "Copyright (c) 2026 Somebody" in licence
    assert "You may use it." in licence
    assert licence_path(file_entry, cache_folder).parent == weights_path(file_entry, cache_folder).parent


@pytest.mark.parametrize("position", [0, len(DATA) // 2, len(DATA) - 1])
def test_one_changed_bit_is_damage(file_entry: WeightsEntry, cache_folder: Path, position: int) -> None:
    path = weights_path(file_entry, cache_folder)
    path.parent.mkdir(parents=True)
    changed = bytearray(DATA)
    changed[position] ^= 1
    path.write_bytes(changed)
    assert read_verified(file_entry, cache_folder) == (CacheState.DAMAGED, b"")


@pytest.mark.parametrize("data", [b"", DATA[:-1], DATA + b"x"])
def test_another_length_is_damage(file_entry: WeightsEntry, cache_folder: Path, data: bytes) -> None:
    path = weights_path(file_entry, cache_folder)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    assert read_verified(file_entry, cache_folder) == (CacheState.DAMAGED, b"")


def test_nothing_there_is_absent(file_entry: WeightsEntry, cache_folder: Path) -> None:
    assert read_verified(file_entry, cache_folder) == (CacheState.ABSENT, b"")


def test_a_folder_in_the_place_of_the_file_is_not_taken_for_weights(file_entry: WeightsEntry, cache_folder: Path) -> None:
    weights_path(file_entry, cache_folder).mkdir(parents=True)
    assert read_verified(file_entry, cache_folder)[0] is not CacheState.VERIFIED


def test_a_file_that_cannot_be_read_is_a_clear_error(file_entry: WeightsEntry, cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = weights_path(file_entry, cache_folder)
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)

    def refuse(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(WeightsError, match="Permission denied"):
        read_verified(file_entry, cache_folder)


def test_other_bytes_are_never_stored(file_entry: WeightsEntry, cache_folder: Path) -> None:
    weights_path(file_entry, cache_folder).parent.mkdir(parents=True)
    with pytest.raises(WeightsError, match="are not the weights 'tiny'"):
        store(file_entry, cache_folder, DATA + b"x")
    assert list(weights_path(file_entry, cache_folder).parent.iterdir()) == []


def test_a_full_disk_leaves_neither_half_a_file_nor_the_loss_of_the_old_one(
    file_entry: WeightsEntry, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = weights_path(file_entry, cache_folder)
    path.parent.mkdir(parents=True)
    store(file_entry, cache_folder, DATA)
    before = sorted(path.parent.iterdir())

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WeightsError, match="No space left") as caught:
        store(file_entry, cache_folder, DATA)
    assert "PASSERBY_CACHE" in caught.value.hint
    assert sorted(path.parent.iterdir()) == before
    assert path.read_bytes() == DATA


def test_the_cache_is_where_the_environment_says_else_in_the_users_cache_folder(tmp_path: Path) -> None:
    assert default_cache_folder({"PASSERBY_CACHE": str(tmp_path)}) == tmp_path
    assert default_cache_folder({"PASSERBY_CACHE": ""}).name == "passerby"
    assert default_cache_folder({}).is_absolute()


def test_two_digests_of_one_name_do_not_share_a_file(file_entry: WeightsEntry, cache_folder: Path) -> None:
    other = msgspec.structs.replace(file_entry, sha256="f" * 64)
    assert weights_path(file_entry, cache_folder) != weights_path(other, cache_folder)
