"""`passerby replay`: how often rules would have warned, over recordings. `passerby drill`: an exercise through a running site."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from passerby.hazards.alert import Severity


def replay_command(
    *,
    place: Annotated[Path, typer.Argument(metavar="SITE", help="The site.toml; or its state folder, if --rules names a whole site file.")],
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            metavar="RULES.TOML",
            help="The rules to try: tables of hazard, perhaps of zone and line, in place of those of the site.toml; or a whole site file. "
            "Left out: those of the site.toml.",
        ),
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Begin, such as 2026-11-23T08:00, in the site's time zone. Left out: a day before.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="End, which is not included. Left out: now.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Try rules on recorded scenes: how often each would have warned, when, for how long, and where to look.

    That recordings are viewed, and by whom, goes into the receipts first. Rules on scenes and on the state of a camera say exactly what they say
    live. Rules on counts are tried on people counted anew from figures; rules that need ways or speeds of people cannot be tried.
    """
    import msgspec
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from passerby.clock import SystemClock
    from passerby.record.places import user
    from passerby.record.receipts import FileReceipts
    from passerby.serve.trying.replaying import ReplayOrder, opened_rules, replay
    from passerby.serve.trying.told import firings_table, notes_of, rules_table, told_of
    from passerby.site.tables import print_whole
    from passerby.site.times import seconds_of

    opened, site = opened_rules(place, rules)
    clock, zone = SystemClock(), site.zone
    to_s = clock.wall_s() if end is None else seconds_of(end, zone, "--to")
    from_s = to_s - 86400 if begin is None else seconds_of(begin, zone, "--from")
    order = ReplayOrder(site, opened, from_s, to_s, user())
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("trying", total=1.0)
        done = replay(order, FileReceipts(opened.state / "receipts.jsonl"), clock, lambda part: bar.update(task, completed=part))
    if as_json:
        typer.echo(msgspec.json.encode(told_of(done)))
        return
    console = Console()
    print_whole(rules_table(done))
    if done.firings:
        console.print()
        print_whole(firings_table(done, zone))
    for note in notes_of(done):
        console.print(note, highlight=False, markup=False, soft_wrap=True)


def drill_command(
    *,
    site: Annotated[Path, typer.Argument(metavar="SITE.TOML", help="The site's configuration: it says where the site's pages are.")],
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="ID", help="The rule whose alert it looks like. Left out: the first one of the site file.")
    ] = None,
    severity: Annotated[Severity | None, typer.Option(help="How urgent. Left out: as the rule says.")] = None,
    lasts: Annotated[str, typer.Option("--for", metavar="DURATION", help="After so long it closes itself: 5 s to 1 h.")] = "30 s",
    within: Annotated[str, typer.Option("--within", metavar="DURATION", help="So long channels are waited for.")] = "30 s",
    url: Annotated[str | None, typer.Option("--url", metavar="ADDRESS", help="Where the site's pages are, if not where the file says.")] = None,
    until_closed: Annotated[bool, typer.Option("--until-closed", help="Wait until it has closed itself.")] = False,
) -> None:
    """Have a running site do an exercise: an alert that is marked as one goes through log, inbox and channels, and closes itself.

    Says by which channel it was told, and how long that took. Where the site has a password, it is asked for, or read from standard input. Exit code
    1: it did not reach everybody whom it should have reached.
    """
    from rich.console import Console

    from passerby.clock import SystemClock
    from passerby.errors import AlertError, SettingsError
    from passerby.serve.trying.drilling import DrillOrder, Refused, SiteClient, drilled, url_of
    from passerby.site.durations import seconds_of
    from passerby.site.reading import read_site

    server = read_site(site).server
    try:
        order = DrillOrder(rule, severity, seconds_of(lasts), seconds_of(within), until_closed=until_closed)
    except ValueError:
        raise SettingsError("--for and --within are durations", 'such as "30 s"') from None
    try:
        with SiteClient(url or url_of(server), server) as client:
            found = drilled(client, order, SystemClock(), _password)
    except Refused as refused:
        raise AlertError(f"the site refuses: {refused.detail}", refused.do) from None
    console = Console()
    for line in found.lines():
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if not found.is_well:
        raise typer.Exit(1)


def _password() -> str:
    """The operator's password, typed without being seen, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    import getpass

    return getpass.getpass("Password: ")
