"""`passerby alerts list | show`: what the state folder says of alerts. It reads only, also while a site runs."""

from pathlib import Path
from typing import Annotated

import typer

from passerby.hazards.alert import Severity

alerts_app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help="List alerts of a site, and show all that happened to one."
)

PlaceArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The site.toml, or the site's state folder.")]


@alerts_app.command("list")
def list_command(
    *,
    place: PlaceArgument,
    begin: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="TIME", help="Opened from then on, such as 2026-11-23T08:00, in the site's time zone. Left out: a day before."
        ),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Opened before. Left out: now.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Those that are not closed, whenever they were opened.")] = False,
    camera: Annotated[str | None, typer.Option("--camera", metavar="ID", help="Of this camera only.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Of this severity only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one alert a line.")] = False,
) -> None:
    """Show alerts, the oldest first, in the site's time zone. What waits for a full disk is not among them."""
    import msgspec

    from passerby.clock import SystemClock
    from passerby.errors import SettingsError
    from passerby.hazards.listing import ListedSpan, listed, opened_alerts, table_of
    from passerby.site.tables import print_whole
    from passerby.site.times import seconds_of

    if open_only and (begin or end):
        raise SettingsError("--open asks for what is not closed, whenever it was opened", "leave out --from and --to")
    kept = opened_alerts(place)
    to_s = SystemClock().wall_s() + 1 if end is None else seconds_of(end, kept.zone, "--to")
    from_s = to_s - 86400 if begin is None else seconds_of(begin, kept.zone, "--from")
    found = listed(kept, ListedSpan(from_s, to_s, open_only=open_only, camera=camera, severity=severity))
    if as_json:
        for alert in found:
            typer.echo(msgspec.json.encode(alert))
        return
    if found:
        print_whole(table_of(found, kept.zone))
    else:
        typer.echo("no alerts")


@alerts_app.command("show")
def show_command(
    *,
    place: PlaceArgument,
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="Its id, or the beginning of it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Its events as JSON, one a line.")] = False,
) -> None:
    """Show all that happened to an alert, in order."""
    import msgspec
    from rich.console import Console

    from passerby.hazards.listing import events_of, opened_alerts, said_of

    kept = opened_alerts(place)
    events = events_of(kept, alert)
    if as_json:
        for event in events:
            typer.echo(msgspec.json.encode(event))
        return
    console = Console()
    for line in said_of(events, kept.zone):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
