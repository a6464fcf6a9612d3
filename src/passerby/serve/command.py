"""`passerby run site.toml | --demo`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from passerby.errors import SettingsError


def run_command(
    *,
    site: Annotated[Path | None, typer.Argument(metavar="SITE", help="The site file, site.toml.", show_default=False)] = None,
    demo: Annotated[bool, typer.Option("--demo", help="No site file: play a public clip as a camera, and keep nothing.")] = False,
    log: Annotated[
        str, typer.Option("--log", metavar="FORM", help="Log lines on standard error: json, words, or auto (words at a terminal).")
    ] = "auto",
) -> None:
    """Watch the cameras of a site until it is ended: Ctrl-C or SIGTERM end it, SIGHUP reads the site file anew.

    Its pages, pictures and metrics are served to this machine, or as [server] in the site file says; the address is printed. Exit code 0: it ended as
    it was asked to.
    """
    if (site is None) is not demo:
        raise SettingsError("passerby run needs a site file, or --demo", "passerby run site.toml")
    if log not in {"auto", "json", "words"}:
        raise SettingsError(f"--log is json, words or auto, not '{log}'")
    from passerby.models.cache import default_cache_folder
    from passerby.serve.demo import WORDS, demo_site
    from passerby.serve.demo_clip import demo_clip
    from passerby.serve.logs import journal_on
    from passerby.serve.operation import EXIT_DONE, Operation
    from passerby.site.reading import read_site

    cache_folder = default_cache_folder(os.environ)
    with journal_on(sys.stderr, words=log == "words" or (log == "auto" and sys.stderr.isatty())) as (journal, writer):

        def run(operation: Operation, words: str) -> int:
            return operation.run(lambda address: _say(f"Passerby is at {address}", words))

        if site is not None:
            code = run(Operation(read_site(site), site, cache_folder, journal, lambda: writer.lost), "")
        else:
            with demo_site(demo_clip(os.environ, cache_folder, _say)) as shown:
                code = run(Operation(shown, None, cache_folder, journal, lambda: writer.lost), WORDS)
    if code != EXIT_DONE:
        # A thread still works. It must not find the interpreter torn down under it.
        sys.stderr.flush()
        os._exit(code)
    raise typer.Exit(code)


def _say(*lines: str) -> None:
    """Prints lines for whoever started this."""
    for line in lines:
        if line:
            typer.echo(line)
    sys.stdout.flush()
