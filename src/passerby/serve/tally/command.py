"""`passerby tally SITE`: where somebody at the place counts with a phone, and what was counted so far."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from passerby.site.settings import Site


def tally_command(place: Annotated[Path, typer.Argument(metavar="SITE", help="The site file, site.toml.", show_default=False)]) -> None:
    """Show the address of the page on which people at the place count, how much they counted, and how accurate the figures are by that.

    The page is served by the site that runs. It shows no picture and no figure of ours.
    """
    from passerby.site.reading import read_site
    from passerby.site.times import text_of
    from passerby.store.accuracy import Accuracies
    from passerby.store.counted_places import counted_places, shapes_of
    from passerby.store.places import place_of
    from passerby.store.tallies import TALLIES, read_tallies
    from passerby.store.tally_listing import listed
    from passerby.store.validating import validated

    site = read_site(place)
    places, entries, history = counted_places(site), read_tallies(site.state_folder / TALLIES), place_of(site)
    _say(*address_words(site), "")
    if not places:
        _say("The site file draws no zone and no line yet: there is nothing to count.")
        return
    known = Accuracies(validated(history.folder, entries, shapes_of(places), site.zone)) if history.folder.is_dir() else Accuracies()
    for one in listed(entries, places):
        kind = "zone" if not one.place.ways else "line"
        if one.from_s is None or one.to_s is None:
            _say(f"{kind} {one.place.camera} {one.place.id}: no tallies")
        else:
            _say(f"{kind} {one.place.camera} {one.place.id}: {one.words()}, {text_of(one.from_s, site.zone)} to {text_of(one.to_s, site.zone)}")
        _say(f"    measured accuracy: {known.words(*one.place.place)}")


def address_words(site: "Site") -> list[str]:
    """Where the page is, in words."""
    server = site.server
    scheme = "https" if server.behind_proxy or server.certificate is not None else "http"
    if server.names:
        port = "" if server.behind_proxy or server.port == (443 if scheme == "https" else 80) else f":{server.port}"
        host = f"{server.names[0]}{port}"
    elif server.behind_proxy:
        return ["Open on the phone: the address of your proxy, with /tally at its end"]
    else:
        host = server.address
    words = [f"Open on the phone: {scheme}://{host}/tally"]
    if server.port == 0:
        words = ["Open on the phone: the address that passerby run prints, with /tally at its end"]
    if not server.others_reach_it:
        words.append("Only this machine can reach it now: docs/guide/accounts.md tells how to let phones in, with a password and TLS")
    return words


def _say(*lines: str) -> None:
    for line in lines:
        typer.echo(line)
