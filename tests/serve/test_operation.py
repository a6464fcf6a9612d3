from pathlib import Path
from typing import Any, NoReturn

import pytest

from passerby.errors import WeightsError
from passerby.record.recorder import Recordings
from passerby.serve import operation
from passerby.serve.operation import Operation
from passerby.site.reading import site_of
from tests.support.journals import KeptJournal


def refuses(*_: object) -> NoReturn:
    raise WeightsError("there are no weights")


def test_what_is_due_is_deleted_also_where_the_site_cannot_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[bool] = []

    def noted(*arguments: Any, promise: bool = True, **more: Any) -> Recordings:
        opened.append(promise)
        return Recordings(*arguments, promise=promise, **more)

    monkeypatch.setattr(operation, "Recordings", noted)
    monkeypatch.setattr(operation, "verified_weights", refuses)
    camera = '[[camera]]\nid = "gate"\nsource = "rtsp://camera/"\npurpose = "To see crowding."\n'
    text = f'[site]\nname = "Station"\nstate_folder = "{tmp_path / "state"}"\n{camera}'
    site, problems = site_of(text, tmp_path / "site.toml")
    assert site is not None, problems
    with pytest.raises(WeightsError):
        Operation(site, None, tmp_path / "cache", KeptJournal()).run(print)
    assert opened == [False]
