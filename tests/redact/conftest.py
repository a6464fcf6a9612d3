"""What the tests of the redactor share: the real detector, and one drawn clip that is redacted once."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from passerby.errors import WeightsError
from passerby.redact.detection import LoadedDetector, load_detector
from passerby.redact.run import Outcome
from passerby.redact.settings import RedactSettings
from tests.support.clips import Recipe
from tests.support.redaction import SHARP, Facts, facts_of, passing_by, redacted, report_of, size_px, write_play
from tests.support.scenes import Play

METADATA = {
    "title": "Entrance, Monday",
    "comment": "seen by somebody",
    "creation_time": "2019-03-04T05:06:07.000000Z",
    "location": "+48.2082+016.3738/",
    "com.apple.quicktime.location.ISO6709": "+48.2082+016.3738/",
    "make": "Cameramaker",
}
"""What cameras and phones write into their files."""


@dataclass(frozen=True)
class Done:
    """A clip, what it shows, and its redaction."""

    play: Play
    clip: Path
    outcome: Outcome
    facts: Facts
    report: dict[str, Any]
    preview: Path


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Somebody walks by, with sound and metadata in the file; redacted with a stand-in for the detector, without a caption."""
    folder = tmp_path_factory.mktemp("done")
    play = passing_by()
    recipe = Recipe(
        options=SHARP,
        count=len(play.times_s),
        time_base=Fraction(1, round(play.hz)),
        size_px=size_px(play),
        metadata=METADATA,
        container_options={"movflags": "use_metadata_tags"},
        sound=True,
    )
    clip = write_play(folder / "clip.mp4", play, recipe)
    preview = folder / "place.png"
    outcome = redacted(clip, folder / "out.mp4", RedactSettings(caption=False), preview=preview)
    return Done(play, clip, outcome, facts_of(outcome.output), report_of(outcome.output), preview)


@pytest.fixture(scope="session")
def real_detector() -> LoadedDetector:
    """The gate's own detector; where its weights cannot be had, what needs it is skipped."""
    try:
        return load_detector("yolox-nano", "cpu")
    except WeightsError as error:
        pytest.skip(str(error))
