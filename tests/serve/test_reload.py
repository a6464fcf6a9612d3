from pathlib import Path

from passerby.serve.reload import change_of, redrawn
from passerby.site.reading import site_of
from passerby.site.settings import Site

GATE = '[[camera]]\nid = "gate"\nsource = "rtsp://camera.example/a"\nuser = "u"\npassword = "one"\npurpose = "To test."\n'
HALL = GATE.replace('"gate"', '"hall"')


def site(cameras: str = GATE, place: str = "", more: str = "") -> Site:
    read, problems = site_of(f'[site]\nname = "Station"\n{place}{more}{cameras}', Path("site.toml"))
    assert read is not None, problems
    return read


def test_nothing_changed_is_nothing_to_take() -> None:
    change = change_of(site(), site())
    assert (change.taken, change.needs_restart) == ((), ())


def test_what_only_a_restart_can_change_stays_as_it_was_and_is_named() -> None:
    new = site(place='state_folder = "elsewhere"\nkeep_plates = true\n', more='[server]\naddress = "127.0.0.1:9"\n')
    change = change_of(site(), new)
    assert change.needs_restart == ("server.address", "site.state_folder", "site.keep_plates")
    assert change.taken == ()
    assert change.site.server.port == 8740
    assert change.site.state_folder == site().state_folder


def test_cameras_come_go_and_change() -> None:
    change = change_of(site(GATE + HALL), site(GATE + "settle_s = 9\n" + HALL.replace('"hall"', '"roof"')))
    assert change.taken == ("camera hall removed", "camera gate.settle_s", "camera roof added")
    assert [camera.id for camera in change.site.cameras] == ["gate", "roof"]


ZONE = '[[zone]]\nid = "door"\ncamera = "gate"\nkind = "walking"\npolygon = [[0, 0], [9, 0], [9, 9]]\n'
LINE = '[[line]]\nid = "in"\ncamera = "gate"\npoints = [[0, 0], [9, 0]]\n'


def test_what_is_drawn_anew_is_drawn_on_what_the_camera_sees_now() -> None:
    drawn = GATE + HALL + ZONE + LINE
    assert redrawn(site(drawn), site(drawn)) == set()
    assert redrawn(site(drawn), site(drawn.replace('"one"', '"two"'))) == set()
    for other in (
        drawn.replace("[9, 9]", "[9, 8]"),
        drawn.replace("[9, 0]]\n", "[8, 0]]\n"),
        GATE + HALL + LINE,
        GATE + "never = [[[0, 0], [9, 0], [9, 9]]]\n" + HALL + ZONE + LINE,
    ):
        assert redrawn(site(drawn), site(other)) == {"gate"}
    assert redrawn(site(GATE), site(GATE + HALL)) == {"hall"}, "a camera that is new knows no plate anyway"


def test_a_changed_password_is_named_and_never_told() -> None:
    change = change_of(site(), site(GATE.replace('"one"', '"two"')))
    assert change.taken == ("camera gate.password",)


def test_what_can_be_taken_is_taken_beside_what_cannot() -> None:
    change = change_of(
        site(), site(place='time_zone = "Europe/Berlin"\n', more='[server]\naddress = "127.0.0.1:9"\n[recording]\nmax_hold = "2 days"\n')
    )
    assert change.taken == ("site.time_zone", "recording.max_hold")
    assert change.needs_restart == ("server.address",)
    assert change.site.recording.max_hold_s == 2 * 86400


def test_zones_and_lines_that_come_go_or_are_drawn_anew_are_named() -> None:
    zone = '[[zone]]\ncamera = "gate"\nid = "stairs"\npolygon = [[1, 1], [9, 1], [9, 9]]\n'
    line = '[[line]]\ncamera = "gate"\nid = "door"\npoints = [[1, 1], [9, 9]]\n'
    assert change_of(site(), site(GATE + zone + line)).taken == ("zone stairs added", "line door added")
    changed = change_of(site(GATE + zone + line), site(GATE + zone.replace("[9, 9]", "[5, 9]")))
    assert changed.taken == ("zone stairs.polygon", "line door removed")
