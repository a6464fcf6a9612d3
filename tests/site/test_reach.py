"""Who may reach the server: what the site file must say, and what must be there."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from passerby.cli import app
from passerby.errors import SiteError
from passerby.site.notes import notes_of
from passerby.site.problem import Problem
from passerby.site.reach import ACCOUNTS, missing_for_others, require_reach
from passerby.site.reading import problems_of, site_of
from passerby.site.settings import Site
from tests.support.guarded_site import make_certificate
from tests.support.site_files import camera_table

WHERE = Path("site.toml")


def text(server: str, state: Path | None = None) -> str:
    place = f'[site]\nname = "Station"\nstate_folder = {json.dumps(str(state or "state"))}\n'
    return f"{place}[server]\n{server}\n{camera_table()}"


def site(server: str, state: Path | None = None, folder: Path | None = None) -> Site:
    read, problems = site_of(text(server, state), (folder or Path.cwd()) / "site.toml")
    assert read is not None, problems
    return read


def told(server: str) -> dict[str, Problem]:
    return {problem.key: problem for problem in problems_of(text(server), WHERE)}


@pytest.mark.parametrize("address", ["0.0.0.0:8740", "192.168.1.20:8740", "[::]:8740", "[2001:db8::1]:443"])
def test_an_address_that_others_reach_needs_tls_or_a_proxy(address: str) -> None:
    problem = told(f'address = "{address}"')["server.address"]
    assert "TLS" in problem.expected
    assert "behind_proxy" in problem.hint
    assert told(f'address = "{address}"\nbehind_proxy = true') == {}
    assert told(f'address = "{address}"\ncertificate = "a.pem"\nkey = "a.key"') == {}
    assert set(told(f'address = "{address}"\ncertificate = "a.pem"')) == {"server.key", "server.address"}


@pytest.mark.parametrize("address", ["127.0.0.1:8740", "localhost:0", "[::1]:8740", "127.1.2.3:1"])
def test_an_address_of_this_machine_needs_nothing(address: str) -> None:
    assert told(f'address = "{address}"') == {}
    assert missing_for_others(site(f'address = "{address}"')) == ()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('address = "example.org:80"', "server.address"),
        ('address = "0.0.0.0"', "server.address"),
        ('address = "0.0.0.0:70000"', "server.address"),
        ("address = 8740", "server.address"),
        ("behind_proxy = 1", "server.behind_proxy"),
        ('proxies = ["10.0.0.1"]', "server.proxies"),
        ("behind_proxy = true\nproxies = []", "server.proxies"),
        ('behind_proxy = true\nproxies = ["10.0.0.1/8"]', "server.proxies[0]"),
        ('behind_proxy = true\nproxies = ["everybody"]', "server.proxies[0]"),
        ('names = "a.example"', "server.names"),
        ('names = ["https://a.example"]', "server.names[0]"),
        ('names = ["a.example:80"]', "server.names[0]"),
        ('names = ["*"]', "server.names[0]"),
        ('names = ["-a.example"]', "server.names[0]"),
        ('names = ["a..example"]', "server.names[0]"),
        ('key = "a.key"', "server.certificate"),
        ('certificate = ""\nkey = "a.key"', "server.certificate"),
    ],
)
def test_what_makes_no_sense_is_told(line: str, key: str) -> None:
    assert key in told(line)


def test_names_and_networks_are_kept_in_one_form() -> None:
    server = site('behind_proxy = true\nproxies = ["10.0.0.1", "2001:DB8::/32"]\nnames = ["Gate.Example", "192.0.2.1", "2001:DB8::1"]').server
    assert server.proxies == ("10.0.0.1/32", "2001:db8::/32")
    assert server.names == ("gate.example", "192.0.2.1", "2001:db8::1")
    assert server.others_reach_it


@pytest.mark.parametrize("server", ["behind_proxy = true", 'address = "0.0.0.0:8740"\nbehind_proxy = true'])
def test_a_site_that_others_reach_needs_a_password(tmp_path: Path, server: str) -> None:
    (problem,) = missing_for_others(site(server, tmp_path))
    assert problem.key == "server.behind_proxy"
    assert "passerby account password" in problem.hint
    with pytest.raises(SiteError, match="a password"):
        require_reach(site(server, tmp_path))
    for damaged in ("{", "[]", "{}", '{"password": null}', "[" * 100_000):
        (tmp_path / ACCOUNTS).write_text(damaged)
        assert len(missing_for_others(site(server, tmp_path))) == 1
    (tmp_path / ACCOUNTS).write_text('{"password": {"hash": "..."}}')
    assert missing_for_others(site(server, tmp_path)) == ()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_files_for_tls_are_looked_at(tmp_path: Path) -> None:
    server = 'certificate = "site.pem"\nkey = "site.key"'
    assert "No such file" in missing_for_others(site(server, tmp_path, tmp_path))[0].hint
    make_certificate(tmp_path)
    assert missing_for_others(site(server, tmp_path, tmp_path)) == ()
    _, other = make_certificate(tmp_path, stem="other")
    other.replace(tmp_path / "site.key")
    (problem,) = missing_for_others(site(server, tmp_path, tmp_path))
    assert (problem.key, "no such pair" in problem.hint) == ("server.certificate", True)
    (tmp_path / "site.key").write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nhunter2\n-----END ENCRYPTED PRIVATE KEY-----\n")
    (problem,) = missing_for_others(site(server, tmp_path, tmp_path))
    assert "hunter2" not in str(problem)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
@pytest.mark.parametrize(("mode", "told"), [(0o600, 0), (0o640, 0), (0o644, 1)])
def test_a_key_that_everybody_can_read_is_worth_a_note(tmp_path: Path, mode: int, told: int) -> None:
    _, key = make_certificate(tmp_path)
    key.chmod(mode)
    notes = notes_of(site('certificate = "site.pem"\nkey = "site.key"', tmp_path, tmp_path), tmp_path / "site.toml")
    assert [note.key for note in notes] == ["server.key"] * told


def test_passerby_check_refuses_it_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text("behind_proxy = true", tmp_path / "state"), "utf-8")
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 2
    assert "line 5: server.behind_proxy" in done.output
    assert "passerby account password" in done.output
    assert CliRunner().invoke(app, ["check", "--no-secrets", str(path)]).exit_code == 0
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / ACCOUNTS).write_text('{"password": {"hash": "..."}}')
    assert CliRunner().invoke(app, ["check", str(path)]).exit_code == 0
