"""`passerby channels`: which channels a site has, whether they work, and what could not be told."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from passerby.hazards.channels.waiting import Waiting
    from passerby.site.settings import Site

channels_app = typer.Typer(
    help="List and try the channels of a site; list dead letters and send them again.", no_args_is_help=True, pretty_exceptions_enable=False
)
SitePath = Annotated[Path, typer.Argument(metavar="SITE.TOML", help="The site's configuration.")]


@channels_app.command("list")
def list_command(path: SitePath) -> None:
    """List the channels: whom they tell of what, how many messages wait, and how many were given up."""
    from rich.console import Console
    from rich.table import Table

    from passerby.site.durations import duration_text
    from passerby.site.reading import read_site

    site = read_site(path)
    waiting = _waiting(site)
    table = Table("channel", "kind", "address", "severities", "hazards", "told", "waiting", "dead")
    for channel in site.channels:
        counts = (0, 0) if waiting is None else waiting.counts(channel.id)
        after = "at once" if channel.escalate_after_s is None else f"unacknowledged for {duration_text(channel.escalate_after_s)}"
        hazards = ", ".join(channel.hazards) or "all"
        severities = ", ".join(channel.severities)
        _add_row(table, channel.id, channel.kind, channel.shown_address, severities, hazards, after, str(counts[0]), str(counts[1]))
    if waiting is not None:
        waiting.close()
    console = Console()
    if site.channels:
        console.print(table)
    else:
        typer.echo("The site file has no [[channel]]: nobody is told.")


@channels_app.command("test")
def test_command(path: SitePath, channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Id of the channel.")]) -> None:
    """Tell something by a channel now: a message that is marked as an exercise. Exit code 1: it was not taken.

    It goes past everything that waits, and past quiet hours.
    """
    import asyncio
    import secrets

    from passerby.clock import SystemClock
    from passerby.errors import SettingsError
    from passerby.hazards.channels.delivering import ALL_WITHIN_S
    from passerby.hazards.channels.delivery import ChannelError
    from passerby.hazards.channels.senders import require_installed, sender_of
    from passerby.hazards.channels.wording import trial
    from passerby.site.channel_secrets import accesses
    from passerby.site.reading import read_site

    site = read_site(path)
    one = next((one for one in site.channels if one.id == channel), None)
    if one is None:
        raise SettingsError("there is no such channel in the site file", f"there are {', '.join(one.id for one in site.channels) or 'none'}")
    require_installed((one,))
    access = accesses(site.model_copy(update={"channels": (one,)}))[one.id]
    clock = SystemClock()

    async def tell() -> None:
        sender = sender_of(site, one, access, clock)
        try:
            async with asyncio.timeout(ALL_WITHIN_S):
                await sender.send([trial(site, one, secrets.token_hex(8), clock.wall_s())])
        finally:
            await sender.close()

    try:
        asyncio.run(tell())
    except (ChannelError, TimeoutError) as error:
        typer.echo(f"not taken: {error if isinstance(error, ChannelError) else 'no answer in time'}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{one.id}: taken")


@channels_app.command("dead")
def dead_command(
    path: SitePath, channel: Annotated[str | None, typer.Option("--channel", metavar="CHANNEL", help="Of this channel only.")] = None
) -> None:
    """List dead letters: what was given up, and why."""
    from rich.table import Table

    from passerby.site.reading import read_site
    from passerby.site.tables import print_whole
    from passerby.site.times import text_of

    site = read_site(path)
    waiting = _waiting(site)
    rows = [] if waiting is None else waiting.dead(channel)
    if waiting is not None:
        waiting.close()
    if not rows:
        typer.echo("There are no dead letters.")
        return
    table = Table("id", "channel", "of", "what", "given up because")
    for row in rows:
        _add_row(table, row.delivery.id, row.delivery.channel, text_of(row.delivery.wall_s, site.zone), row.delivery.title, row.why)
    print_whole(table)


@channels_app.command("retry")
def retry_command(
    path: SitePath,
    letters: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of dead letters; none = all.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", metavar="CHANNEL", help="Of this channel only.")] = None,
) -> None:
    """Send dead letters again, in their old order. A running site does it within seconds; otherwise it is done after the next start."""
    import time

    from passerby.site.reading import read_site

    site = read_site(path)
    there = {one.id for one in site.channels}
    waiting = _waiting(site)
    rows = [] if waiting is None else [row for row in waiting.dead(channel) if not letters or row.delivery.id in letters]
    chosen = [row.seq for row in rows if row.delivery.channel in there]
    found = 0 if waiting is None else waiting.retry(chosen, time.time())
    if waiting is not None:
        waiting.close()
    left = f"; {len(rows) - len(chosen)} are for channels that there are no more" if len(rows) > len(chosen) else ""
    typer.echo(f"{found} dead letters wait again{left}")


def _add_row(table: "Table", *cells: str) -> None:
    """Adds a row of texts that say nothing but what they are, whatever somebody wrote into a file."""
    from rich.text import Text

    from passerby.hazards.listing import shown

    table.add_row(*(Text(shown(cell)) for cell in cells))


def _waiting(site: "Site") -> "Waiting | None":
    """What waits; None = nothing ever did."""
    import time

    from passerby.hazards.channels.waiting import NAME, Waiting
    from passerby.hazards.outbox import ALERTS

    folder = site.state_folder / ALERTS
    return Waiting(folder, time.time(), mend=False) if (folder / NAME).exists() else None
