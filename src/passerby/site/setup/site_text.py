"""The text of a site.toml as `passerby init` writes it: what stands in it and why, with what each camera gave as a comment beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from passerby.released.messages import ProbeResult
from passerby.site.addresses import is_stream
from passerby.site.setup.offer import Offer, Tried
from passerby.site.setup.wording import comment, toml_text

UNWRITTEN: Final = "To be written: what this camera is for."
"""Stands for a purpose until somebody says it."""
_LARGE_PX: Final = 1920 * 1080
_MUCH_HZ: Final = 15.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user said of the site as a whole.

    Attributes:
        name: Name of the place.
        time_zone: Its time zone.
        zone_from: Where that comes from: "as you said", "this machine's".
        purpose: What the cameras are for; "" = not said.
        file: Name of the site file.
        secrets_file: Name of the file of variables; "" = there is none.
        written: The day, as text.
    """

    name: str
    time_zone: str
    zone_from: str
    purpose: str
    file: str
    secrets_file: str
    written: str


def site_text(answers: Answers, cameras: Sequence[Tried]) -> str:
    """The file.

    Args:
        answers: What the user said.
        cameras: The cameras, in their order; one that gave no picture is written as a comment.
    """
    first = next((tried for tried in cameras if tried.gave_a_picture), None)
    lines = [*_head(answers)]
    for tried in cameras:
        lines += ["", ""]
        lines += _camera(tried, answers, explained=tried is first) if tried.gave_a_picture else _set_aside(tried, answers)
    return "\n".join(lines) + "\n"


def _head(answers: Answers) -> Iterator[str]:
    yield comment(f"A site of Passerby: written by `passerby init` on {answers.written}, yours to change.")
    yield "#"
    yield comment(f"    passerby check {answers.file} --probe    says what is wrong, and opens each camera once")
    yield comment(f"    passerby run {answers.file}              watches them")
    if answers.secrets_file:
        yield "#"
        yield comment(f"Passwords stand in {answers.secrets_file}, as variables of the environment. Before both:")
        yield comment(f"    set -a; . ./{answers.secrets_file}; set +a")
    yield "#"
    yield "# How to use the keys: docs/guide/site.md. All of them: docs/reference/site.md. A key that there is not is refused."
    yield "# Help while you write: passerby check --schema > site.schema.json"
    yield ""
    yield "[site]"
    yield f"name = {toml_text(answers.name)}    # as the pages show it"
    yield f"time_zone = {toml_text(answers.time_zone)}    {comment(f'{answers.zone_from}. Times on the command line are read in it')}"
    yield '# state_folder = "state"    # where recordings and receipts go; left out: passerby in your folder for state'
    yield "# workers = 2               # sealed processes; left out: one a camera, at most one a core of the processor"
    yield ""
    yield "[server]"
    yield "# This machine only. Others may look as soon as there are a password and TLS: docs/guide/accounts.md"
    yield 'address = "127.0.0.1:8740"'
    yield ""
    yield "[recording]"
    yield "# Scenes are kept, never pictures, and each camera's for as long as its `retention` says: docs/guide/recordings.md"
    yield "enabled = true"
    yield 'free_space_floor = "2 GB"    # below it the oldest go first'


def _camera(tried: Tried, answers: Answers, *, explained: bool) -> Iterator[str]:
    """A camera that gave a picture; the first one explains its keys."""
    offer = tried.offer
    yield "[[camera]]"
    yield from (comment(line) for line in offer.told)
    if tried.probe is not None:
        yield comment(f"Opened once by `passerby init`: {probe_words(tried.probe)}.")
    if explained:
        yield "# The id is its name in addresses, folders and metrics. Its recordings hang on it, so choose it before the first run."
    yield from _who(offer)
    if explained:
        yield "# In a sentence that those who walk past it understand: why it films. Required."
    yield f"purpose = {toml_text(answers.purpose or UNWRITTEN)}"
    if explained:
        yield "# glyphs: figures and cells; heat: coarse cells only; counts: neither. No level shows a person."
    yield 'release_level = "glyphs"'
    if explained:
        yield "# Deleted within a minute of its time."
    yield 'retention = "72 h"'
    if tried.probe is not None:
        yield from _advice(tried.probe, is_file=not is_stream(offer.source), explained=explained)


def _who(offer: Offer) -> Iterator[str]:
    yield f"id = {toml_text(offer.id)}"
    if offer.name and offer.name != offer.id:
        yield f"name = {toml_text(offer.name)}"
    if offer.source:
        yield f"source = {toml_text(offer.source)}"
    if offer.user:
        yield f"user = {toml_text(offer.user)}"
    if offer.password:
        yield f"password = {toml_text(offer.password)}    # a variable of the environment"
    if offer.password_file:
        yield f"password_file = {toml_text(offer.password_file)}    # its first line"


def _advice(probe: ProbeResult, *, is_file: bool, explained: bool) -> Iterator[str]:
    """Keys that are left at their defaults, where this camera gives a reason to think of them."""
    large, much = probe.width_px * probe.height_px > _LARGE_PX, probe.rate_hz > _MUCH_HZ
    if explained or large:
        why = "The picture is large: a taller one saves much computing." if large else "A taller one saves computing."
        yield f"# min_person_px = 24     # height in pixels of the smallest person that must be found. {why}"
    if explained or much:
        why = f"It gives {probe.rate_hz:.3g}; " if much else ""
        yield f"# fps_limit = 10         # most pictures that are taken a second. {why}10 are enough for figures that move smoothly."
    if is_file:
        yield "# loop = true            # a clip begins anew at its end"
    if explained:
        yield "# settle_s = 20          # quiet seconds before a part of the place is shown; more where people stand for long"
        yield "# never = [[[0, 0], [210, 0], [180, 160]]]    # polygons that are never shown: windows, screens, a bench where people sleep"


def _set_aside(tried: Tried, answers: Answers) -> Iterator[str]:
    """A camera that gave no picture: the same, as a comment, so that it can be taken up again."""
    offer = tried.offer
    yield comment(f"Not watched: {tried.why_not}.")
    yield (
        "# Take away the # of the lines below once it can be opened."
        if offer.source
        else "# Its address is not known: run `passerby init` again, or write it here."
    )
    yield from (comment(line) for line in offer.told)
    yield "# [[camera]]"
    yield from (comment(line) for line in _who(offer))
    if not offer.source:
        yield '# source = "rtsp://..."'
    yield comment(f"purpose = {toml_text(answers.purpose or UNWRITTEN)}")


def probe_words(probe: ProbeResult) -> str:
    """What a camera gave, in words."""
    rate = f", {probe.rate_hz:.3g} pictures a second" if probe.rate_hz else ""
    over = f" over {probe.transport.upper()}" if probe.transport else ""
    first = f", the first after {probe.first_picture_s:.1f} s" if probe.first_picture_s is not None else ""
    return f"{probe.codec or 'video'}, {probe.width_px}x{probe.height_px}{rate}{over}{first}"
