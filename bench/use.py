"""What a released stream is good for, on the simulated clips of `bench.privacy`: background shown, glyphs, hazards; with the leak beside it.

    python -m bench.use [--clips 40] [--jobs N] [--commit HASH] [--small]

Definitions: bench/privacy_use.py. The clips are those of `bench.privacy`, and what either command has worked out serves both.
"""

from bench.privacy import FOLDER, run, wanted_from
from bench.results import keep


def main() -> None:
    wanted, path = wanted_from(None, __doc__ or "", parts=("clips",))
    keep(FOLDER / "use.json" if path == FOLDER / "privacy.json" else path, {"use": {"commit": wanted.commit, **run(wanted)}})


if __name__ == "__main__":
    main()
