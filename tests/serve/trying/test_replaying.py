"""Rules tried on recordings: what a replay says is what live said, what it cannot say it says, and it is a viewing."""

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from passerby import cli
from passerby.errors import ReceiptError, RecordingError, SettingsError, SiteError
from passerby.hazards.alert import What
from passerby.hazards.replaying import Basis, firings_of
from passerby.record.receipts import Act
from passerby.released.messages import SceneMessage
from passerby.released.scene import Cell, GateState
from passerby.serve.trying.replaying import UNDER_WAY_S, Replayed, ReplayOrder, opened_rules, replay
from passerby.serve.trying.told import told_of
from passerby.site.settings import Site
from tests.support.played_site import PlayedSite
from tests.support.recorded import NOON, KeptReceipts
from tests.support.ruled import GROUND, LINE, QUIET, ZONE, person, pulse, rule, scene, site
from tests.support.site_files import SITE, camera_table

SECONDS = 420
INSIDE, OUTSIDE = (200, 200), (500, 400)


def tables(**kinds: dict[str, str]) -> str:
    """Rules with an id of their own each; a kind's underscore is a dash."""
    return "".join(rule(kind.replace("_", "-"), **keys).replace('"crowd"', f'"{kind.replace("_", "-")}"') for kind, keys in kinds.items())


def eventful(seed: int) -> list[list[tuple[float, SceneMessage]]]:
    """Scenes of some minutes, drawn at random: people who stand and go, things that lie, a camera that fails in every way."""
    rng = random.Random(seed)
    found, cells = [], list[Cell]()
    state, spot, connection, silent, away = GateState.WATCHING, INSIDE, 1, 0, False
    for second in range(SECONDS):
        if rng.random() < 0.03:
            state = rng.choice([GateState.WATCHING, *GateState])
        if rng.random() < 0.03:
            spot = (rng.randrange(90, 310), rng.randrange(90, 310))
        if rng.random() < 0.03:
            cells = [Cell(rng.randrange(5, 15), rng.randrange(5, 15))] if rng.random() < 0.7 else []
        if silent == 0 and rng.random() < 0.01:
            silent, connection = rng.randrange(1, 40), connection + 1
        silent = max(0, silent - 1)
        row = []
        away ^= rng.random() < 0.02
        since = rng.randrange(5)
        for step in range(0 if silent else rng.choice([1, 4, 4, 5])):
            part_s = (step + rng.random() * 0.9) / 5 + 0.001
            sees = state in (GateState.WATCHING, GateState.SETTLING)
            glyphs = [person(*spot)] if sees and rng.random() < 0.9 else []
            shown = 1.0 if state is GateState.WATCHING else 0.02 if rng.random() < 0.5 else 0.0
            told = scene(second + part_s, glyphs, cells if sees else [], state=state, shown=shown, connection=connection, away=away and step >= since)
            row.append((part_s, told))
        found.append(row)
    return found


def replayed(played: PlayedSite, rules: Site | None = None, begin_s: float = NOON, receipts: KeptReceipts | None = None) -> Replayed:
    order = ReplayOrder(rules or played.site, played.place, begin_s, NOON + SECONDS, "anna")
    return replay(order, receipts or KeptReceipts(), played.kept.clock)


@pytest.mark.parametrize("seed", range(4))
def test_of_rules_on_scenes_and_on_the_gate_a_replay_says_what_live_said_word_by_word(seed: int, tmp_path: Path) -> None:
    text = tables(static={"for_": '"12 s"', "cool_down": '"20 s"'}, left_object={"for_": '"10 s"', "cool_down": '"5 s"'})
    played = PlayedSite(tmp_path, site(text, extra=""))
    scenes = eventful(seed)
    played.run(range(SECONDS), lambda second: scenes[second], lambda _: None)
    played.end()
    done = replayed(played)
    assert {one.basis for one in done.tried} == {Basis.SCENES}
    assert len({event.cause for event in played.events if event.what is What.OPENED}) == 3, "all three rules have something to say"
    assert list(done.events) == played.events
    assert list(done.firings) == firings_of(played.events, NOON, NOON + SECONDS)
    assert done.late == 0


def test_what_opened_before_the_time_that_is_tried_is_known_when_it_begins(tmp_path: Path) -> None:
    played = PlayedSite(tmp_path, site(tables(static={"for_": '"60 s"'})))
    played.run(range(SECONDS), lambda second: [(0.5, scene(second, [person(*INSIDE)]))], lambda _: None)
    played.end()
    done = replayed(played, begin_s=NOON + 300)
    (firing,) = done.firings
    assert (firing.opened_s, firing.ended_s) == (NOON + 61, None)


def test_rules_on_counts_are_tried_on_people_counted_anew_and_say_so(tmp_path: Path) -> None:
    played = PlayedSite(tmp_path, site(tables(occupancy={"limit": "2", "for_": '"10 s"'}, forbidden={})))
    crowd = [person(150 + 20 * number, 200) for number in range(3)]
    played.run(
        range(SECONDS),
        lambda second: [(0.3, scene(second, crowd if 100 <= second < 200 else [person(*OUTSIDE)]))],
        lambda second: pulse(second, 3.0 if 100 <= second < 200 else 0.0),
    )
    played.end()
    done = replayed(played)
    assert {one.basis for one in done.tried} == {Basis.FIGURES}
    live = {one.cause: one for one in firings_of(played.events, NOON, NOON + SECONDS)}
    assert {one.cause for one in done.firings} == set(live)
    for one in done.firings:
        assert one.opened_s == pytest.approx(live[one.cause].opened_s, abs=1.0)
        assert one.clip_from_s <= live[one.cause].opened_s - 29
        assert one.peak == 3.0
    assert any("counted anew" in note for note in told_of(done).notes)


def test_a_density_needs_the_ground_and_is_counted_over_its_area(tmp_path: Path) -> None:
    ground = "[100, 0, 0, 0, 100, 0, 0, 0, 1]"
    played = PlayedSite(tmp_path, site(tables(density={"limit": "0.9", "for_": '"5 s"'}), ground=ground))
    played.run(range(60), lambda second: [(0.3, scene(second, [person(150 + 20 * n, 200) for n in range(4)]))], lambda _: None)
    played.end()
    (firing,) = replayed(played).firings
    assert firing.words == "1.0 persons/m2 +-0.2 in 'Stairs' for 5 s, limit 0.9"


def test_what_needs_ways_speeds_or_waits_is_not_tried_and_that_is_said(tmp_path: Path) -> None:
    text = tables(counter_flow={"direction": '"ab"'}, surge={}, queue={"wait": '"5 min"'})
    played = PlayedSite(tmp_path, site(text.replace('"stairs"', '"stairs"'), zone=ZONE + 'kind = "queue"\n'))
    played.run(range(30), lambda second: [(0.3, scene(second))], lambda _: None)
    played.end()
    done = replayed(played)
    assert {(one.basis, bool(one.why)) for one in done.tried} == {(Basis.NOTHING, True)}
    assert done.firings == ()


def test_nothing_is_read_before_it_is_written_down_who_views_what(tmp_path: Path) -> None:
    played = PlayedSite(tmp_path, site(tables(static={})))
    played.run(range(30), lambda second: [(0.3, scene(second))], lambda _: None)
    played.end()
    receipts = KeptReceipts()
    replayed(played, receipts=receipts)
    (written,) = receipts.of(Act.VIEWED)
    assert (written.by, written.camera, written.to_s) == ("anna", "gate-1", NOON + 30 + 60 - UNDER_WAY_S)
    assert written.from_s is not None
    assert written.from_s < NOON, "also what the rules have to know of the time before"
    receipts.full = True
    with pytest.raises(ReceiptError):
        replayed(played, receipts=receipts)


def test_what_is_due_for_deletion_is_not_tried(tmp_path: Path) -> None:
    played = PlayedSite(tmp_path, site(tables(static={})))
    played.run(range(30), lambda second: [(0.3, scene(second))], lambda _: None)
    played.end()
    played.kept.clock.sleep(2 * 86400)
    with pytest.raises(RecordingError, match="no recordings of these cameras"):
        replayed(played)


def test_time_without_recordings_is_said(tmp_path: Path) -> None:
    played = PlayedSite(tmp_path, site("", extra=""))
    played.run(range(SECONDS), lambda second: [] if 100 <= second < 160 else [(0.3, scene(second))], lambda _: None)
    played.end()
    done = replayed(played)
    assert done.recorded_s["gate-1"] == pytest.approx(SECONDS - 60, abs=5)
    assert any(note.startswith("gate-1: ") and "no recordings" in note for note in told_of(done).notes)


# Files and the command


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A site.toml whose state folder holds recordings of somebody who stands in the zone."""
    text = SITE + 'state_folder = "state"\n' + QUIET + camera_table(ground=GROUND) + ZONE + LINE
    (tmp_path / "site.toml").write_text(text + tables(static={"for_": '"30 s"'}), "utf-8")
    played = PlayedSite(tmp_path / "state", site(tables(static={})))
    played.run(range(SECONDS), lambda second: [(0.5, scene(second, [person(*INSIDE)]))], lambda _: None)
    played.end()
    return tmp_path / "site.toml"


def test_rules_of_another_file_stand_in_place_of_those_of_the_site(recorded: Path, tmp_path: Path) -> None:
    rules = tmp_path / "new.toml"
    rules.write_text(rule("occupancy", limit="1"), "utf-8")
    _, found = opened_rules(recorded, rules)
    assert [one.kind for one in found.hazards] == ["occupancy"]
    assert [one.kind for one in opened_rules(recorded, None)[1].hazards] == ["static"]
    whole = recorded.read_text("utf-8")
    rules.write_text(whole, "utf-8")
    assert [one.kind for one in opened_rules(recorded.parent / "state", rules)[1].hazards] == ["static"]


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("[[hazard]", SiteError, "TOML"),
        ("[[channel]]\n", SettingsError, "channel"),
        ('[[hazard]]\nid = "x"\nkind = "face"\n', SiteError, r"hazard\[0\].kind"),
        ('[[hazard]]\nid = "x"\nkind = "static"\ncamera = "gate-1"\nzone = "nowhere"\n', SiteError, r"hazard\[0\].zone"),
    ],
)
def test_rules_that_make_no_sense_are_refused_with_their_key(text: str, error: type[Exception], says: str, recorded: Path, tmp_path: Path) -> None:
    rules = tmp_path / "new.toml"
    rules.write_text(text, "utf-8")
    with pytest.raises(error, match=says):
        opened_rules(recorded, rules)


def test_a_state_folder_alone_has_no_rules(recorded: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no rules"):
        opened_rules(recorded.parent / "state", None)
    (tmp_path / "new.toml").write_text(rule("static"), "utf-8")
    with pytest.raises(SettingsError, match="no cameras or zones"):
        opened_rules(recorded.parent / "state", tmp_path / "new.toml")


def test_the_command_says_how_often_and_where_to_look(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The recordings lie in a future that their promise of a day does not reach: the command is told that it is then.
    monkeypatch.setattr("passerby.clock.time.time", lambda: NOON + SECONDS + 60)
    words = ["replay", str(recorded), "--from", "2026-11-23T12:00:00Z", "--to", "2026-11-23T12:07:00Z"]
    done = CliRunner().invoke(cli.app, words, catch_exceptions=False, env={"COLUMNS": "250"})
    assert done.exit_code == 0, done.output
    assert "crowd" not in done.output
    row = next(line for line in done.output.splitlines() if line.startswith("static "))
    assert "gate-1/stairs" in row
    assert "clip" in done.output
    told = json.loads(CliRunner().invoke(cli.app, [*words, "--json"], catch_exceptions=False).stdout)
    (of_rule,) = told["rules"]
    assert of_rule["tried_on"] == "scenes"
    (alert,) = of_rule["alerts"]
    assert alert["opened_s"] == NOON + 31
    assert alert["clip"] == {"camera": "gate-1", "from_s": NOON + 1, "to_s": alert["clip"]["to_s"], "page": f"/#/recordings/gate-1?at={NOON + 1:.0f}"}
    kept = (recorded.parent / "state" / "receipts.jsonl").read_text("utf-8")
    assert kept.count('"viewed"') == 2
