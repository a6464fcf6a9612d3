"""`passerby init`: what it writes can be used, what it cannot open it says, and no password is where it should not be."""

import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from passerby.errors import InputError, OutputError, SettingsError, UserError
from passerby.released.messages import ProbeResult, Reason
from passerby.site.command import check_command
from passerby.site.orders import CameraOrder
from passerby.site.setup import discovery, onvif_soap
from passerby.site.setup.command import init_command
from tests.support.folders import names_in
from tests.support.onvif_device import LOOPBACK, Manners, Neighbourhood, OnvifDevice, StreamProfile

Init = Callable[..., tuple[int, str]]
URL = "gate=rtsp://viewer:hun%40ter2@10.0.0.5/stream"


class Probed:
    """Cameras, as the probe finds them: good ones, unless `reasons` says otherwise."""

    def __init__(self) -> None:
        self.opened: list[CameraOrder] = []
        self.reasons: dict[str, Reason] = {}

    def __call__(self, camera: CameraOrder, _command: object) -> ProbeResult:
        self.opened.append(camera)
        if camera.camera in self.reasons:
            return ProbeResult(camera.camera, self.reasons[camera.camera])
        return ProbeResult(camera.camera, Reason.NONE, "h264", 1920, 1080, 12.5, 0.613, "tcp", 25)


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> Probed:
    stand_in = Probed()
    monkeypatch.setattr("passerby.site.probing.probe", stand_in)
    return stand_in


@pytest.fixture
def init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probed: Probed) -> Init:
    """Runs `passerby init` in an empty folder; gives the exit code and all that it said."""
    folder = tmp_path / "Central station"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(init_command)

    def run(*words: str, answers: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(app, words, input=answers)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return run


def cameras(path: Path = Path("site.toml")) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(path.read_text("utf-8"))["camera"]
    return found


def source_variables() -> dict[str, str]:
    """What the file of variables sets; the values in these tests need no quoting."""
    lines = Path("site.env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def checks(monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of `passerby check site.toml`, with the variables set."""
    if Path("site.env").exists():
        for name, value in source_variables().items():
            monkeypatch.setenv(name, value)
    with pytest.raises(typer.Exit) as done:
        check_command(path=Path("site.toml"), probe=False, secrets=True, schema=False)
    return int(done.value.exit_code)


def test_addresses_and_clips_become_a_file_that_check_takes(init: Init, probed: Probed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "Hall.mp4").write_bytes(b"x")
    code, told = init("--url", URL, "--clips", str(tmp_path / "clips"), "--purpose", "Crowding is seen in time.", "--time-zone", "Asia/Tokyo")
    assert code == 0
    assert names_in(Path()) == ["site.env", "site.toml"]
    document = tomllib.loads(Path("site.toml").read_text("utf-8"))
    assert document["site"] == {"name": "Central station", "time_zone": "Asia/Tokyo"}
    gate, hall = cameras()
    assert (gate["id"], gate["source"], gate["user"], gate["password"]) == ("gate", "rtsp://10.0.0.5/stream", "viewer", "${PASSERBY_GATE_PASSWORD}")
    assert (hall["id"], hall["name"], hall["source"]) == ("hall", "Hall", str(tmp_path / "clips" / "Hall.mp4"))
    assert {camera["purpose"] for camera in (gate, hall)} == {"Crowding is seen in time."}
    assert {order.source for order in probed.opened} >= {"rtsp://viewer:hun%40ter2@10.0.0.5/stream"}
    assert "2 cameras" in told
    assert checks(monkeypatch) == 0


def test_a_password_goes_into_a_file_of_its_owner_only_and_is_shown_nowhere(init: Init) -> None:
    _, told = init("--url", URL)
    assert "hun@ter2" not in told
    assert "hun" not in Path("site.toml").read_text("utf-8")
    assert source_variables() == {"PASSERBY_GATE_PASSWORD": "hun@ter2"}
    assert stat.S_IMODE(Path("site.env").stat().st_mode) == 0o600
    assert "set -a; . ./site.env; set +a" in told


def test_a_camera_without_a_picture_is_a_comment_with_its_reason(init: Init, probed: Probed, monkeypatch: pytest.MonkeyPatch) -> None:
    probed.reasons = {"gate": Reason.UNAUTHORISED}
    code, told = init("--url", URL, "--url", "hall=rtsp://10.0.0.6/a")
    assert code == 1
    assert [camera["id"] for camera in cameras()] == ["hall"]
    assert "# Not watched: user name or password refused." in Path("site.toml").read_text("utf-8")
    assert "not watched: user name or password refused" in told
    assert checks(monkeypatch) == 0


def test_where_no_camera_gives_a_picture_nothing_is_written(init: Init, probed: Probed) -> None:
    probed.reasons = {"gate": Reason.REFUSED}
    code, told = init("--url", URL)
    assert code == 1
    assert "connection refused" in told
    assert "nothing was written" in told
    assert names_in(Path()) == []


@pytest.mark.parametrize("there", ["site.toml", "site.env"])
def test_nothing_is_overwritten_and_no_camera_opened_for_it(there: str, init: Init, probed: Probed) -> None:
    Path(there).write_text("mine")
    with pytest.raises(OutputError, match=f"{there}' exists already"):
        init("--url", URL)
    assert (names_in(Path()), Path(there).read_text(), probed.opened) == ([there], "mine", [])


def test_a_dangling_link_is_not_written_through(init: Init, tmp_path: Path) -> None:
    Path("site.toml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="exists already"):
        init("--url", URL)
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_comes_into_being_meanwhile_is_kept_and_no_password_left_behind(
    init: Init, probed: Probed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(camera: CameraOrder, command: object) -> ProbeResult:
        Path("site.toml").write_text("mine")
        return probed(camera, command)

    monkeypatch.setattr("passerby.site.probing.probe", late)
    with pytest.raises(OutputError, match="exists already"):
        init("--url", URL)
    assert names_in(Path()) == ["site.toml"]
    assert Path("site.toml").read_text() == "mine"


def test_user_and_password_for_all_come_from_a_variable_or_a_file(init: Init, probed: Probed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", "hunter2")
    code, told = init("--url", "gate=rtsp://10.0.0.5/a", "--user", "viewer")
    assert code == 0
    assert "Next, with CAMERA_PASSWORD set:" in told
    assert (cameras()[0]["user"], cameras()[0]["password"]) == ("viewer", "${CAMERA_PASSWORD}")
    assert checks(monkeypatch) == 0
    Path("word").write_text("hunter2\n")
    assert init("b.toml", "--url", "gate=rtsp://10.0.0.5/a", "--user", "viewer", "--password-file", "word")[0] == 0
    assert cameras(Path("b.toml"))[0]["password_file"] == "word"  # noqa: S105 - a path
    assert [order.source for order in probed.opened] == ["rtsp://viewer:hunter2@10.0.0.5/a"] * 2
    assert names_in(Path()) == ["b.toml", "site.toml", "word"]
    assert not any("hunter2" in path.read_text() for path in Path().glob("*.toml"))


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        ((), SettingsError, "no camera is given"),
        (("--clips", "absent"), InputError, "cannot be read"),
        (("--url", "hunter2"), SettingsError, "address 1"),
        (("absent/site.toml", "--url", URL), OutputError, "no folder"),
        (("--url", URL, "--time-zone", "Mars"), SettingsError, "--time-zone"),
        (("--url", URL, "--name", "a\nb"), SettingsError, "--name"),
        (("--url", URL, "--purpose", "x" * 1001), SettingsError, "--purpose"),
        (("--url", URL, "--user", "a:b"), SettingsError, "--user"),
        (("--url", URL, "--user", "a"), SettingsError, "CAMERA_PASSWORD does not hold"),
        (("--url", URL, "--user", "a", "--password-variable", "${X}"), SettingsError, "--password-variable"),
        (("--url", URL, "--user", "a", "--password-variable", "LD_PRELOAD"), SettingsError, "means something to programs"),
        (("--url", URL, "--user", "a", "--password-variable", "PATH"), SettingsError, "means something to programs"),
        (("--url", URL, "--user", "a", "--password-variable", "PYTHONSTARTUP"), SettingsError, "means something to programs"),
        (("--url", URL, "--password-file", "x"), SettingsError, "no user"),
        (("--url", URL, "--user", "a", "--password-file", "x"), UserError, "first line"),
        (("--url", "rtsp://u:${PASSERBY_TEST_ABSENT}@h/"), SettingsError, "PASSERBY_TEST_ABSENT"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_nothing_is_written(
    words: tuple[str, ...], error: type[UserError], says: str, init: Init, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAMERA_PASSWORD", raising=False)
    with pytest.raises(error) as refused:
        init(*words)
    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert names_in(Path()) == []


def test_at_a_terminal_it_asks_for_what_it_needs(init: Init, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("passerby.site.setup.questions.may_ask", lambda: True)
    (tmp_path / "Hall.mp4").write_bytes(b"x")
    answers = f"rtsp://viewer@10.0.0.5/stream\nhun/ter2\n{tmp_path / 'Hall.mp4'}\n\nThe old town\nCrowding is seen in time.\n"
    code, told = init(answers=answers)
    assert code == 0
    assert source_variables() == {"PASSERBY_CAMERA_10_0_0_5_PASSWORD": "hun/ter2"}
    assert "hun/ter2" not in told
    assert tomllib.loads(Path("site.toml").read_text("utf-8"))["site"]["name"] == "The old town"
    assert [camera["id"] for camera in cameras()] == ["camera-10-0-0-5", "hall"]
    assert "ter2" not in Path("site.toml").read_text("utf-8")


def test_with_cameras_given_it_asks_nothing_but_a_missing_password(init: Init, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAMERA_PASSWORD", raising=False)
    monkeypatch.setattr("passerby.site.setup.questions.may_ask", lambda: True)
    code, told = init("--url", "gate=rtsp://10.0.0.5/a", "--user", "viewer", answers="hunter2\n")
    assert code == 0
    assert "hunter2" not in told
    assert source_variables() == {"CAMERA_PASSWORD": "hunter2"}
    assert cameras()[0]["password"] == "${CAMERA_PASSWORD}"  # noqa: S105 - a variable


# ONVIF


@pytest.fixture
def extra() -> None:
    try:
        onvif_soap.library()
    except SettingsError as missing:
        pytest.skip(str(missing))


HOSTILE = 'Ga"te\n[[camera]]\r\nid = "evil"\x00\x1b]0;t\x07 ${HOME} \\'


@pytest.mark.usefixtures("extra")
def test_cameras_that_are_found_become_a_file_that_check_takes(init: Init, probed: Probed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", "hunter2")
    manners = Manners(login=("viewer", "hunter2"))
    profiles = [StreamProfile("1", f"rtsp://{LOOPBACK}/main", name=HOSTILE.replace("\x00", "").replace("\x1b", "").replace("\x07", ""))]
    with OnvifDevice(profiles, manners, name=HOSTILE, model='M"1') as device, Neighbourhood(device.match) as neighbours:
        monkeypatch.setattr(discovery, "PORT", neighbours.port)
        monkeypatch.setattr(discovery, "MOST_FOUND", 1)
        with pytest.raises(SettingsError, match="sent to no device"):  # there is nobody to ask
            init("--onvif", "--interface", LOOPBACK, "--user", "viewer")
        assert names_in(Path()) == []
        monkeypatch.setattr("passerby.site.setup.questions.may_ask", lambda: True)
        with pytest.raises(SettingsError, match="sent to no device"):
            init("--onvif", "--interface", LOOPBACK, "--user", "viewer", answers="n\n")
        code, told = init("--onvif", "--interface", LOOPBACK, "--user", "viewer", answers="y\n")
    assert code == 0
    (camera,) = cameras()
    assert (camera["id"], camera["source"], camera["user"]) == ("ga-te-camera-id-evil-0-t-home", f"rtsp://{LOOPBACK}/main", "viewer")
    assert camera["name"] == 'Ga"te [[camera]] id = "evil" ]0;t ${HOME} \\'
    assert camera["password"] == "${CAMERA_PASSWORD}"  # noqa: S105 - a variable
    assert probed.opened[0].source == f"rtsp://viewer:hunter2@{LOOPBACK}/main"
    assert "\x1b" not in told + Path("site.toml").read_text("utf-8")
    assert checks(monkeypatch) == 0


@pytest.mark.usefixtures("extra")
def test_a_device_that_refuses_the_password_or_leads_elsewhere_is_told_and_not_opened(init: Init, probed: Probed) -> None:
    elsewhere = StreamProfile("1", "rtsp://10.9.9.9/main")
    with (
        OnvifDevice([elsewhere], Manners(login=("viewer", "hunter2"))) as closed,
        OnvifDevice([elsewhere], name="Hall") as hall,
        OnvifDevice([StreamProfile("1", f"rtsp://{LOOPBACK}/a")], model="M2") as good,
    ):
        hosts = [word for device in (closed, hall, good) for word in ("--onvif-host", f"{LOOPBACK}:{device.port}")]
        code, told = init(*hosts)
        assert code == 1
        assert [order.source for order in probed.opened] == [f"rtsp://{LOOPBACK}/a"]
        assert [camera["id"] for camera in cameras()] == ["acme-m2"]
        text = Path("site.toml").read_text("utf-8")
        assert "# Not watched: asks for a user name and a password." in text
        assert "# Not watched: leads to 10.9.9.9, which is not its own host and is not followed; --allow-other-hosts allows it." in text
        assert "not watched: asks for a user name and a password" in told
        assert init("b.toml", "--onvif-host", f"{LOOPBACK}:{hall.port}", "--allow-other-hosts")[0] == 0
    assert cameras(Path("b.toml"))[0]["source"] == elsewhere.address


@pytest.mark.usefixtures("extra")
def test_that_nobody_answered_is_said(init: Init, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "WAIT_S", 0.1)
    with Neighbourhood() as neighbours:
        monkeypatch.setattr(discovery, "PORT", neighbours.port)
        with pytest.raises(SettingsError, match="no ONVIF camera answered"):
            init("--onvif", "--interface", LOOPBACK)


def test_without_the_library_it_is_said_how_to_get_it(init: Init, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("passerby.site.setup.onvif_soap.importlib.import_module", absent)
    with pytest.raises(SettingsError, match=r"pip install 'passerby\[onvif\]'"):
        init("--onvif")
