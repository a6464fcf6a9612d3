"""The demonstration: a real clip as a camera, gated and served live, until Ctrl-C.

    python -m scripts.live_demo [--folder out/demo]

That is `passerby run --demo`. Where the public clip cannot be had, the same is shown with a small clip that the project draws.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.drawn import DrawnClip
from passerby.errors import UserError
from passerby.models.cache import default_cache_folder
from passerby.serve.demo_clip import Say, demo_clip

PROGRAM = (sys.executable, "-I", "-c", "from passerby.cli import main; main()")


def command_of(folder: Path, environ: Mapping[str, str], say: Say) -> list[str]:
    """The command to run; a drawn clip and its site file are written into `folder` if they are needed."""
    try:
        demo_clip(environ, default_cache_folder(environ), say)
    except UserError as error:
        say(f"{error.message}. Drawing a small clip instead: its figures are nobody, and the detector may not take them for people.")
        return [*PROGRAM, "run", str(_drawn_site(folder.absolute()))]
    return [*PROGRAM, "run", "--demo"]


def _drawn_site(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    clip, site = folder / "drawn.mp4", folder / "site.toml"
    DrawnClip(seconds=60).write(clip)
    lines = ["[site]", 'name = "Demonstration"', f"state_folder = {json.dumps(str(folder / 'state'))}", ""]
    lines += ["[[camera]]", 'id = "drawn"', f"source = {json.dumps(str(clip))}", 'purpose = "To show how Passerby runs."', 'retention = "1 h"']
    site.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return site


def main() -> None:
    """Shows it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("out/demo"))
    command = command_of(parser.parse_args().folder, os.environ, lambda line: print(line, flush=True))
    os.execv(command[0], command)  # noqa: S606 - our own program takes this process's place, and its signals


if __name__ == "__main__":
    main()
