"""`passerby run` with accounts, as a process: what it refuses to start with, what it takes over while it runs, and what its log never holds."""

import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from passerby.serve.accounts.rights import Right
from passerby.serve.accounts.tokens import new_token
from tests.support.guarded_site import NAME, OURS, PASSWORD, THROUGH_PROXY, GuardedSite, keep_accounts, make_certificate
from tests.support.running_passerby import PROGRAM, RunningPasserby, small_disk, until

ACCOUNT = "from passerby.serve.accounts.command import account_app; account_app()"
HIDDEN_QUERY = "query-that-nobody-logs"
HIDDEN_PATH = "path-that-nobody-logs"


def site_file(folder: Path, server: str) -> Path:
    """A site with a camera that cannot be reached: what is looked at is the server."""
    path = folder / "site.toml"
    path.write_text(
        f'[site]\nname = "Test place"\nstate_folder = "state"\n[server]\naddress = "127.0.0.1:0"\n{server}\n'
        '[[camera]]\nid = "gate"\nsource = "rtsp://127.0.0.1:9/none"\npurpose = "To test."\n',
        "utf-8",
    )
    (folder / "state").mkdir(exist_ok=True)
    return path


def attack(address: str, tokens: dict[str, str], made_up: str) -> list[str]:
    """Everything that carries a secret is sent, in right and in wrong places; the secrets of the sessions."""
    secrets = []
    with httpx.Client(base_url=address, timeout=20) as client:
        for password in ("wrong password that nobody logs", PASSWORD):
            client.post(f"/login?{HIDDEN_QUERY}={PASSWORD}", json={"password": password}, headers=OURS)
        secrets += list(client.cookies.values())
        for path in (
            "/api/cameras",
            f"/api/cameras/{HIDDEN_PATH}",
            f"/live/gate.jpg?token={tokens['wall']}",
            f"/{tokens['wall']}",
            "/metrics",
            "/nowhere",
        ):
            for shown in (tokens["wall"], made_up, PASSWORD):
                client.get(path, headers={"authorization": f"Bearer {shown}"})
                client.get(path, auth=("operator", shown))
            client.get(path)
        client.post("/logout", headers=OURS)
        client.post("/login", content=b'{"password": "' + PASSWORD.encode() + b'"', headers={**OURS, "content-type": "application/json"})
        client.post("/login", data={"password": PASSWORD}, headers=OURS)
    port = int(address.rsplit(":", 1)[1])
    for line in (
        f"GET /{tokens['wall']} HTTP/9.9",
        f"{PASSWORD} / HTTP/1.1",
        f"GET /api/cameras HTTP/1.1\r\nauthorization: Bearer {tokens['wall']}\x00",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(f"{line}\r\nhost: 127.0.0.1\r\n\r\n".encode())
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    return secrets


def test_no_password_no_token_no_session_and_no_query_is_in_any_log_or_file(tmp_path: Path) -> None:
    site = site_file(tmp_path, "")
    tokens, made_up = keep_accounts(tmp_path / "state", {"wall": (Right.WATCH,)}), new_token()
    with RunningPasserby(site, tmp_path / "log").started() as running:
        secrets = attack(running.address, tokens, made_up)
        assert len(secrets) == 1
        until(lambda: running.events("logged in"), running.log)
        assert running.events("login refused")[0]["why"] == "wrong password"
        running.tell(signal.SIGTERM)
        assert running.ended() == 0
        assert running.process.stdout is not None
        printed = running.process.stdout.read().decode()
    hidden = [PASSWORD, "wrong password that nobody logs", HIDDEN_QUERY, HIDDEN_PATH, made_up, *tokens.values(), *secrets]
    kept = {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}
    for one in hidden:
        assert one not in running.log()
        assert one not in printed
        assert not [path for path, data in kept.items() if one.encode() in data]


def refused(site: Path) -> str:
    """The one line with which it refuses to begin."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, "run", str(site)], capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("behind_proxy = true", "passerby account password"),
        ('address = "0.0.0.0:0"', "docs/guide/accounts.md"),
        ('certificate = "none.pem"\nkey = "none.key"', "cannot be read"),
    ],
)
def test_it_does_not_start_where_others_could_look_on(tmp_path: Path, server: str, words: str) -> None:
    site = site_file(tmp_path, "")
    lines = site.read_text("utf-8").replace('address = "127.0.0.1:0"\n', "" if "address" in server else 'address = "127.0.0.1:0"\n')
    site.write_text(lines.replace("[server]\n", f"[server]\n{server}\n"), "utf-8")
    assert words in refused(site)
    assert list((tmp_path / "state").iterdir()) == []


def test_a_password_that_is_set_while_it_runs_holds_from_then_on_and_over_a_restart(tmp_path: Path) -> None:
    site = site_file(tmp_path, "")
    command = [sys.executable, "-c", ACCOUNT]
    with RunningPasserby(site, tmp_path / "log").started() as running, httpx.Client(timeout=20) as client:
        assert client.get(f"{running.address}/api/cameras").status_code == 200
        subprocess.run([*command, "password", str(site)], input=PASSWORD, text=True, check=True, capture_output=True, timeout=90)
        assert client.get(f"{running.address}/api/cameras").status_code == 401
        assert client.post(f"{running.address}/login", json={"password": PASSWORD}, headers=OURS).status_code == 204
        cookie = dict(client.cookies)
        running.tell(signal.SIGTERM)
        assert running.ended() == 0
    receipts = [json.loads(line) for line in (tmp_path / "state" / "receipts.jsonl").read_text("utf-8").splitlines()]
    assert [one["why"] for one in receipts if one["kind"] == "accounts"] == ["password set: from now on, who asks has to log in"]
    with RunningPasserby(site, tmp_path / "log").started() as running:
        assert httpx.get(f"{running.address}/api/cameras", cookies=cookie, timeout=20).status_code == 200
        assert httpx.get(f"{running.address}/api/cameras", timeout=20).status_code == 401


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_it_serves_tls_and_takes_a_renewed_certificate_at_sighup(tmp_path: Path) -> None:
    make_certificate(tmp_path)
    site = site_file(tmp_path, 'certificate = "site.pem"\nkey = "site.key"')
    keep_accounts(tmp_path / "state")
    with RunningPasserby(site, tmp_path / "log") as running:
        assert running.process.stdout is not None
        address = running.process.stdout.readline().decode().split()[-1]
        port = int(address.rsplit(":", 1)[1].strip("/"))
        assert address.startswith("https://")

        def shown() -> str:
            return ssl.get_server_certificate(("127.0.0.1", port), timeout=20)

        first = shown()
        answer = httpx.get(f"{address}api/cameras", verify=ssl.create_default_context(cafile=str(tmp_path / "site.pem")), timeout=20)
        assert (answer.status_code, "strict-transport-security" in answer.headers) == (401, True)
        (tmp_path / "site.pem").write_text("half of a file")
        running.tell(signal.SIGHUP)
        until(lambda: running.events("the certificate was not taken; the one of before goes on"), running.log)
        assert shown() == first
        make_certificate(tmp_path)
        running.tell(signal.SIGHUP)
        until(lambda: shown() != first, "another certificate")


def test_behind_a_proxy_on_all_networks_only_the_proxy_is_answered(tmp_path: Path) -> None:
    site = site_file(tmp_path, f'behind_proxy = true\nnames = ["{NAME}"]')
    site.write_text(site.read_text("utf-8").replace("127.0.0.1:0", "0.0.0.0:0"), "utf-8")
    tokens = keep_accounts(tmp_path / "state", {"wall": (Right.WATCH,)})
    with RunningPasserby(site, tmp_path / "log").started() as running:
        bearer = {"authorization": f"Bearer {tokens['wall']}"}
        assert httpx.get(f"{running.address}/api/cameras", headers={**THROUGH_PROXY, **bearer}, timeout=20).status_code == 200
        assert httpx.get(f"{running.address}/api/cameras", headers={"host": NAME, **bearer}, timeout=20).status_code == 421


def test_a_state_folder_that_turned_read_only_refuses_changes_and_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", "8m") as disk:
        tokens = keep_accounts(disk, {"wall": (Right.WATCH,)})
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True, capture_output=True)
        before = (disk / "accounts.json").read_bytes()
        for change in (["password"], ["token", "add", "NAME"], ["token", "revoke", "NAME"]):
            command = [sys.executable, "-c", ACCOUNT, *change[:2], str(disk), *(["wall"] if len(change) > 1 else [])]
            done = subprocess.run(command, input=PASSWORD + "x", text=True, check=False, capture_output=True, timeout=90)
            assert done.returncode != 0
            assert "cannot be written: Read-only file system" in done.stderr
        assert (disk / "accounts.json").read_bytes() == before
        with GuardedSite(disk, accounts=False) as site:
            assert site.log_in().status_code == 204
            assert site.client.get("/api/cameras").status_code == 200
            assert site.journal.of("a session will not outlive a restart: sessions.json cannot be written")
            assert site.client.get("/api/cameras", headers={"authorization": f"Bearer {tokens['wall']}"}).status_code == 200
