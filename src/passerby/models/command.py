"""`passerby models list | fetch | verify`: what is known, what is in the cache, and whether it is what the manifest pins."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from passerby.errors import WeightsError
from passerby.models.cache import CacheState, default_cache_folder, read_verified, weights_path
from passerby.models.fetch import copy_hint, verified_weights
from passerby.models.manifest import Manifest, WeightsEntry, load_manifest

models_app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help="List, fetch and verify the detector's weights."
)

ManifestOption = Annotated[
    Path | None, typer.Option("--models", envvar="PASSERBY_MODELS", metavar="FILE", help="A manifest of your own, with more weights.")
]
NamesArgument = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Which weights; all if none is given.")]


@models_app.command("list")
def list_command(manifest_path: ManifestOption = None) -> None:
    """Show the known weights and what the cache holds of them."""
    manifest = load_manifest(manifest_path)
    cache_folder = default_cache_folder(os.environ)
    table = _table("name", "licence", "size", "in the cache", "purpose")
    for entry in manifest.weights:
        state, _ = read_verified(entry, cache_folder)
        table.add_row(entry.name, Text(entry.licence), _size(entry), _coloured(state), Text(entry.purpose))
    console = Console()
    console.print(table)
    console.print(f"Cache: {cache_folder}", highlight=False, soft_wrap=True, markup=False)


@models_app.command("fetch")
def fetch_command(names: NamesArgument = None, manifest_path: ManifestOption = None) -> None:
    """Bring weights into the cache, verified. What is there already is verified only."""
    cache_folder = default_cache_folder(os.environ)
    console = Console()
    for entry in _chosen(load_manifest(manifest_path), names):
        before, _ = read_verified(entry, cache_folder)
        verified_weights(entry, cache_folder)
        done = {CacheState.ABSENT: "fetched", CacheState.DAMAGED: "was damaged, fetched again", CacheState.VERIFIED: "already there"}
        console.print(f"{entry.name}: {done[before]}, {_size(entry)}, sha256 verified", highlight=False, soft_wrap=True)
        console.print(f"  {weights_path(entry, cache_folder)}", highlight=False, soft_wrap=True, markup=False)


@models_app.command("verify")
def verify_command(names: NamesArgument = None, manifest_path: ManifestOption = None) -> None:
    """Check the weights in the cache against the manifest; fetches nothing. Fails if any named ones are absent or any are damaged."""
    cache_folder = default_cache_folder(os.environ)
    table = _table("name", "in the cache", "sha256")
    bad: list[tuple[WeightsEntry, CacheState]] = []
    for entry in _chosen(load_manifest(manifest_path), names):
        state, _ = read_verified(entry, cache_folder)
        table.add_row(entry.name, _coloured(state), entry.sha256)
        if state is CacheState.DAMAGED or (state is CacheState.ABSENT and names):
            bad.append((entry, state))
    Console().print(table)
    if bad:
        first, _ = bad[0]
        told = ", ".join(f"'{entry.name}' {state.value}" for entry, state in bad)
        raise WeightsError(f"weights in the cache: {told}", f"passerby models fetch {first.name}; {copy_hint(first, cache_folder)}")


def _chosen(manifest: Manifest, names: list[str] | None) -> tuple[WeightsEntry, ...]:
    return tuple(manifest.entry(name) for name in names) if names else manifest.weights


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _size(entry: WeightsEntry) -> str:
    return f"{entry.size_bytes / 1e6:.1f} MB"


def _coloured(state: CacheState) -> Text:
    return Text(state.value, {CacheState.VERIFIED: "green", CacheState.ABSENT: "yellow", CacheState.DAMAGED: "red"}[state])
