"""From a site to its workers' orders, with the secrets looked up at the last moment."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SiteError
from passerby.sealed.capture.address import read_address
from passerby.site.orders import Configure, decode_command, encode_command
from passerby.site.planning import orders, spread
from passerby.site.reading import read_site
from passerby.site.settings import Site
from tests.support.site_files import SITE, camera_table, login, write_site

MODELS = Path("models")


def site_with(folder: Path, count: int = 1, place: str = "", **keys: str) -> Site:
    return read_site(write_site(folder, SITE + place + "".join(camera_table(f"camera-{number}", **keys) for number in range(count))))


def test_a_camera_s_order_says_what_the_file_says(tmp_path: Path) -> None:
    keys = {"settle_s": "9", "absorb_s": "60", "min_person_px": "48", "release_level": '"counts"', "fps_limit": "5", "loop": "false"}
    keys |= {"transport": '"tcp"', "hardware_decode": "true", "first_byte_s": "3", "stall_s": "4", "never": "[[[0, 0], [9, 0], [9, 9]]]"}
    (worker,) = orders(read_site(write_site(tmp_path, SITE + camera_table("camera-0", **keys))), MODELS, environ={})
    (order,) = worker.cameras
    assert (order.camera, order.source, order.settle_s, order.absorb_s, order.min_person_px) == ("camera-0", "rtsp://10.0.0.5/stream", 9, 60, 48)
    assert (order.level, order.fps_limit, order.loop, order.transport) == (0, 5, False, "tcp")
    assert (order.hardware_decode, order.first_byte_s, order.stall_s) == (True, 3, 4)
    assert [list(polygon) for polygon in order.never] == [[(0, 0), (9, 0), (9, 9)]]
    assert (worker.models_folder, worker.detector, worker.device) == (MODELS, "yolox-nano", "auto")
    assert worker.memory_limit_bytes > 2**30


@pytest.mark.parametrize(
    ("source", "keys", "verified"),
    [
        ("rtsps://10.0.0.5/x", {}, False),
        ("rtsps://[fe80::1]/x", {}, False),
        ("rtsps://camera/x", {}, False),
        ("rtsps://camera.local/x", {}, False),
        ("rtsps://camera.city.example.org/x", {}, True),
        ("https://viewer:secret@Camera.City.org./x", {}, True),
        ("https://camera.city.org/live.m3u8?a=b", {}, False),
        ("rtsp://camera.city.org/x", {}, False),
        ("rtsps://camera.city.org/x", {"tls": '"trust"'}, False),
        ("rtsps://10.0.0.5/x", {"tls": '"verify"'}, True),
        ("rtsps://10.0.0.5/x", {"tls_certificate": '"camera.pem"'}, True),
        ("https://10.0.0.5/live.m3u8", {"tls": '"verify"'}, True),
    ],
)
def test_a_certificate_is_verified_where_that_can_work_or_somebody_wants_it(
    tmp_path: Path, source: str, keys: dict[str, str], *, verified: bool
) -> None:
    (worker,) = orders(site_with(tmp_path, 1, "", source=source, **keys), MODELS, environ={})
    (order,) = worker.cameras
    assert order.verify == verified
    assert order.certificate == (tmp_path / "camera.pem" if "tls_certificate" in keys else None)


def test_orders_travel_to_a_worker_unchanged(tmp_path: Path) -> None:
    site = site_with(tmp_path, 3, ground="[1, 0, 0, 0, 1, 0, 0, 0, 1]", tls='"verify"', tls_certificate='"a.pem"')
    for order in orders(site, MODELS, environ={}, processors=2):
        assert decode_command(encode_command(order)) == order


def test_secrets_come_from_variables_and_files_when_the_orders_are_written(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("p@ss/w:rd\nsecond line\n", "utf-8")
    text = SITE + camera_table("a", **login("viewer", "${PW}")) + camera_table("b", **login("${NAME}", file="pass"))
    text += camera_table("c", source="rtsp://viewer:${PW}@10.0.0.7/") + camera_table("d", source="${WHOLE}")
    environ = {"PW": "a b", "NAME": "víewer", "WHOLE": "clips/a.mp4"}
    workers = orders(read_site(write_site(tmp_path, text)), MODELS, environ=environ, processors=1)
    assert [camera.source for camera in workers[0].cameras] == [
        "rtsp://viewer:a%20b@10.0.0.5/stream",
        "rtsp://v%C3%ADewer:p%40ss%2Fw%3Ard@10.0.0.5/stream",
        "rtsp://viewer:a%20b@10.0.0.7/",
        (tmp_path / "clips/a.mp4").as_uri(),
    ]
    assert "a%20b" not in repr(workers)
    assert "a%20b" not in str(workers)


def test_every_address_is_one_for_the_capture(tmp_path: Path) -> None:
    text = SITE + camera_table("a", **login("viewer", "p@:/?#[]%")) + camera_table("b", source="a clip%20.mp4")
    first, second = (read_address(c.source) for w in orders(read_site(write_site(tmp_path, text)), MODELS, environ={}) for c in w.cameras)
    assert (first.host, first.port) == ("10.0.0.5", 554)
    assert second.path == tmp_path / "a clip%20.mp4"


def test_every_secret_that_is_missing_is_told_by_name_and_none_by_value(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n", "utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xff")
    text = SITE + camera_table("a", source="rtsp://u:${ONE}@${TWO}/") + camera_table("b", **login("u", file="absent"))
    text += camera_table("c", **login("u", file="empty")) + camera_table("d", **login("u", file="binary"))
    text += camera_table("e", source="${BAD}") + camera_table("f", **login("${COLON}", "${LINES}"))
    environ = {"TWO": "", "BAD": "gopher://hunter2", "COLON": "hunter2:x", "LINES": "hunter2\r\nhunter2"}
    with pytest.raises(SiteError) as failed:
        orders(read_site(write_site(tmp_path, text)), MODELS, environ=environ)
    said = str(failed.value)
    for key in ("camera[0].source", "camera[1].password_file", "camera[2].password_file", "camera[3].password_file", "camera[4].source"):
        assert key in said
    assert "camera[5].user" in said
    assert "camera[5].password" in said
    assert "ONE" in said
    assert "TWO" in said
    assert "hunter2" not in said


def test_equal_sites_give_equal_orders_so_that_a_reload_changes_nothing(tmp_path: Path) -> None:
    first, second = (orders(site_with(tmp_path, 5), MODELS, environ={}, processors=2) for _ in range(2))
    assert first == second


def site_spread(count: int, processors: int, workers: int | None, most: int | None) -> list[tuple[str, ...]]:
    place = {"name": "x", "workers": workers, "cameras_per_worker": most}
    site = Site.model_validate({"site": place, "camera": [{"id": "a", "source": "a", "purpose": "x"}]})
    return spread([f"camera-{number}" for number in range(count)], site, processors)


SPREADS = {
    "count": st.integers(1, 40),
    "processors": st.integers(1, 64),
    "workers": st.none() | st.integers(1, 64),
    "most": st.none() | st.integers(1, 64),
}


@given(**SPREADS)
def test_every_camera_is_in_one_worker_and_no_worker_has_more_than_its_share(
    count: int, processors: int, workers: int | None, most: int | None
) -> None:
    shares = site_spread(count, processors, workers, most)
    assert sorted(camera for share in shares for camera in share) == sorted(f"camera-{number}" for number in range(count))
    sizes = [len(share) for share in shares]
    assert min(sizes) >= 1
    if most is not None:
        assert max(sizes) <= most
        assert len(shares) == -(-count // most)
    else:
        assert max(sizes) - min(sizes) <= 1
        assert len(shares) == min(count, workers or processors)


@given(**SPREADS)
def test_a_camera_that_is_added_touches_one_worker(count: int, processors: int, workers: int | None, most: int | None) -> None:
    before, after = (site_spread(count + more, processors, workers, most) for more in (0, 1))
    if len(before) == len(after) or most is not None or count < (workers or processors):
        assert sum(share not in before for share in after) == 1


def test_a_bound_of_the_memory_is_passed_on(tmp_path: Path) -> None:
    (worker,) = orders(site_with(tmp_path, place='worker_memory = "1 GiB"\n'), MODELS, environ={})
    assert isinstance(worker, Configure)
    assert worker.memory_limit_bytes == 2**30
