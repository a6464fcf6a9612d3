"""Exports over real HTTP: frame for frame what the command line exports, and nothing left of them on the disk."""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from passerby.record.command import recordings_app
from passerby.record.receipts import Act
from passerby.released.scene import Size
from passerby.serve import exports
from passerby.serve.answers import AnswerError
from passerby.serve.recordings import _Fetched
from passerby.site.times import text_of
from tests.released.drawn_scenes import patch_of, plate_of
from tests.support.recorded import Scenes
from tests.support.recorded_site import RecordedSite, wait_for

SIZE = Size(96, 64)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RecordedSite]:
    with RecordedSite(tmp_path) as site:
        yield site


def recorded(site: RecordedSite, seconds: float = 90.0, size: Size = SIZE) -> float:
    kept = site.kept
    kept.scenes["gate"] = Scenes(kept.clock, size=size)
    kept.recordings.write(kept.scenes["gate"].next(patches=(patch_of(plate_of(size)),)))
    kept.clock.sleep(0.5)
    kept.run(seconds, 0.5)
    kept.recordings.close()
    return site.begin_s


def ordered(site: RecordedSite, from_s: float, to_s: float, **more: Any) -> dict[str, Any]:
    answer = site.post("/api/recordings/gate/exports", {"from_s": from_s, "to_s": to_s} | more)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def frames_of(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    with av.open(str(path)) as container:
        return [(float(frame.time or 0), frame.to_ndarray(format="bgr24").astype(np.uint8)) for frame in container.decode(video=0)]


@pytest.mark.parametrize("show", ["glyphs", "counts"])
def test_an_export_is_frame_for_frame_what_the_command_line_exports(site: RecordedSite, tmp_path: Path, show: str) -> None:
    begin_s = recorded(site)
    from_s, to_s = begin_s - 7, begin_s + 120
    export = ordered(site, from_s, to_s, show=show)
    fetched = site.get(export["download"])
    assert fetched.headers["content-type"] == "video/mp4"
    assert fetched.headers["content-disposition"] == f'attachment; filename="{export["name"]}"'
    streamed, written = tmp_path / "streamed.mp4", tmp_path / "written.mp4"
    streamed.write_bytes(fetched.content)
    times = ["--from", text_of(from_s), "--to", text_of(to_s)]
    words = ["export", str(site.state), "--camera", "gate", *times, "--show", show, "-o", str(written)]
    done = CliRunner().invoke(recordings_app, words)
    assert done.exit_code == 0, done.output
    one, other = frames_of(streamed), frames_of(written)
    assert len(one) == len(other) > 150
    assert [at_s for at_s, _ in one] == pytest.approx([at_s for at_s, _ in other], abs=1e-6)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(one, other, strict=True))


def test_an_export_is_written_down_before_it_is_given_and_leaves_no_file(site: RecordedSite) -> None:
    begin_s = recorded(site, 20)
    before = set(site.state.rglob("*"))
    export = ordered(site, begin_s, begin_s + 20)
    (receipt,) = site.written()
    assert (receipt.kind, receipt.camera, receipt.from_s, receipt.to_s, receipt.why) == (Act.EXPORTED, "gate", begin_s, begin_s + 20, export["name"])
    assert export["state"] == "waiting"
    assert site.get(export["download"]).content[4:8] == b"ftyp"
    told = site.get(f"/api/exports/{export['export']}").json()
    assert (told["state"], told["done"]) == ("done", 1.0)
    assert told["sent_bytes"] > 1000
    assert set(site.state.rglob("*")) == before
    assert site.places.exports.running == 0


def test_an_export_may_be_fetched_again(site: RecordedSite) -> None:
    begin_s = recorded(site, 10)
    export = ordered(site, begin_s, begin_s + 10)
    assert site.get(export["download"]).content == site.get(export["download"]).content
    assert len(site.written()) == 1


def test_what_cannot_be_exported_is_said_when_it_is_ordered(site: RecordedSite) -> None:
    begin_s = recorded(site, 10)
    answer = site.post("/api/recordings/gate/exports", {"from_s": begin_s - 100, "to_s": begin_s - 50})
    assert (answer.status_code, answer.json()["detail"]) == (409, "There is no recording of 'gate' in that time.")
    site.kept.recordings = site.kept.opened()
    recorded(site, 10, Size(64, 48))
    answer = site.post("/api/recordings/gate/exports", {"from_s": begin_s, "to_s": begin_s + 60})
    assert answer.status_code == 409
    assert "the size of the picture changes" in answer.json()["detail"].lower()
    assert site.written() == []


@pytest.mark.parametrize("name", ["..", "%2e%2e", "../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "x.mp4", "receipts.jsonl", "%00", "gate.mp4"])
def test_no_name_but_its_own_leads_to_an_export(site: RecordedSite, name: str) -> None:
    begin_s = recorded(site, 5)
    export = ordered(site, begin_s, begin_s + 5)
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=20) as raw:
        raw.sendall(f"GET /api/exports/{export['export']}/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.split()[1] in {b"404", b"400", b"405"}
    assert b"root:" not in answer
    assert b"ftyp" not in answer


def test_the_name_of_an_export_is_plain_whatever_the_zone(tmp_path: Path) -> None:
    with RecordedSite(tmp_path, zone="America/St_Johns") as site:
        begin_s = recorded(site, 5)
        name = ordered(site, begin_s, begin_s + 5)["name"]
        assert name.startswith("gate_")
        assert name.endswith(".mp4")
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def test_exports_at_once_are_bounded_and_go_on_afterwards(site: RecordedSite) -> None:
    begin_s = recorded(site, 120)
    all_of_them = [ordered(site, begin_s, begin_s + 120) for _ in range(exports.MOST_AT_ONCE + 1)]
    found = [site.places.exports.find(one["export"], site.written()[0].by) for one in all_of_them]
    for export in found[:-1]:
        site.places.exports.begin(export)
    assert site.places.exports.running == exports.MOST_AT_ONCE
    answer = site.get(all_of_them[-1]["download"])
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert site.post("/api/recordings/gate/exports", {"from_s": begin_s, "to_s": begin_s + 60}).status_code == 503
    assert site.get(all_of_them[0]["download"]).status_code == 409
    for export in found[:-1]:
        site.places.exports.finish(export)
    assert site.get(all_of_them[-1]["download"]).status_code == 200


def test_a_reader_who_goes_away_ends_what_draws(site: RecordedSite) -> None:
    begin_s = recorded(site, 600, Size(320, 240))
    export = ordered(site, begin_s, begin_s + 600)
    found = site.places.exports.find(export["export"], site.written()[0].by)
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=20) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.sendall(f"GET {export['download']} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 200")
        assert found.process is not None
    assert wait_for(lambda: found.process is None)
    assert found.state is exports.ExportState.FAILED


def test_an_export_that_breaks_off_is_seen_to_be_broken(site: RecordedSite) -> None:
    begin_s = recorded(site, 300, Size(320, 240))
    export = ordered(site, begin_s, begin_s + 300)
    found = site.places.exports.find(export["export"], site.written()[0].by)
    parts = site.places.exports.begin(found)
    assert next(parts)
    assert found.process is not None
    found.process.kill()
    found.process.wait()
    with pytest.raises(exports.BrokenExportError):
        list(parts)
    site.places.exports.finish(found)
    assert site.get(f"/api/exports/{export['export']}").json()["state"] in {"failed", "done"}


def test_an_export_that_is_cancelled_is_forgotten(site: RecordedSite) -> None:
    begin_s = recorded(site, 20)
    export = ordered(site, begin_s, begin_s + 20)
    assert site.delete(f"/api/exports/{export['export']}").status_code == 204
    assert site.get(f"/api/exports/{export['export']}").status_code == 404
    assert site.get(export["download"]).status_code == 404


def test_a_reader_who_goes_before_the_first_part_leaves_its_place(site: RecordedSite) -> None:
    begin_s = recorded(site)
    export = ordered(site, begin_s, begin_s + 60)
    found = site.places.exports.find(export["export"], site.written()[0].by)
    answer = _Fetched(site.places.exports, found, site.places.exports.begin(found), {})

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        raise OSError("gone")

    with contextlib.suppress(Exception):  # how it is told that nobody is there does not matter
        asyncio.run(answer({"type": "http", "asgi": {"spec_version": "2.3"}}, gone, send))
    assert site.places.exports.running == 0


def test_an_exporter_that_dies_before_it_is_told_its_order_is_reaped(site: RecordedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_s = recorded(site)
    export = ordered(site, begin_s, begin_s + 60)
    found = site.places.exports.find(export["export"], site.written()[0].by)
    died: list[subprocess.Popen[bytes]] = []

    def dead(_command: object) -> subprocess.Popen[bytes]:
        died.append(
            subprocess.Popen(
                [sys.executable, "-c", "import os; os.close(0); print(flush=True); import time; time.sleep(600)"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        assert died[-1].stdout is not None
        died[-1].stdout.readline()
        return died[-1]

    monkeypatch.setattr(exports, "started", dead)
    with pytest.raises(AnswerError):
        site.places.exports.begin(found)
    assert site.places.exports.running == 0
    assert died[0].returncode is not None
