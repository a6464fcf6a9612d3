import re
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from passerby.hazards.alert import HazardKind, Severity
from passerby.hazards.outbox import ChannelHealth
from passerby.released.messages import Reason
from passerby.serve.metrics import exposition
from passerby.supervise.hazard_thread import HazardHealth
from passerby.supervise.history_thread import HistoryHealth
from passerby.supervise.recording_thread import RecordingHealth
from passerby.supervise.worker_health import WorkerState
from tests.support.site_now import camera_now, message, place_now, site_now, worker


def values(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Value by name and labels, as another program reads them."""
    families = text_string_to_metric_families(text)
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples}


def test_prometheus_reads_what_is_said() -> None:
    camera = camera_now("gate", place=place_now(scene=message(withheld_share=0.25)), lost_scenes=4)
    camera.latency.add(0.11)
    camera.latency.add(0.33)
    ended = worker("hall", state=WorkerState.WAITING, restarts=2, reason=Reason.CRASHED)
    recording = RecordingHealth(3, 4096, {}, "disk full", alive=True, ticked_ago_s=0.0, minutes=7, free_bytes=10**9)
    measuring = HistoryHealth(3, 90, {"gate": 2}, "the disk is full", alive=True, ticked_ago_s=0.0, days=12)
    hazards = HazardHealth(
        alive=True, ticked_ago_s=0.2, failing="a rule", dropped={"gate": 3}, written=9, open={Severity.ALARM: 2, Severity.NOTICE: 0}, unacknowledged=1
    )
    now = site_now(camera, workers=(worker("gate"), ended), recording=recording, measuring=measuring, not_ready=("x",), hazards=hazards)
    read = values(exposition(now, 2, 5).decode("utf-8"))
    gate = (("camera", "gate"),)
    assert read["passerby_camera_withheld_share", gate] == 0.25
    assert read["passerby_camera_pictures_received_total", gate] == 100
    assert read["passerby_camera_scenes_not_recorded_total", gate] == 4
    assert read["passerby_camera_condition", (("camera", "gate"), ("condition", "live"))] == 1
    assert read["passerby_camera_condition", (("camera", "gate"), ("condition", "trouble"))] == 0
    assert read["passerby_camera_latency_seconds_bucket", (("camera", "gate"), ("le", "0.12"))] == 1
    assert read["passerby_camera_latency_seconds_bucket", (("camera", "gate"), ("le", "+Inf"))] == 2
    assert read["passerby_worker_up", (("worker", "hall"),)] == 0
    assert read["passerby_worker_restarts_total", (("worker", "hall"),)] == 2
    assert read["passerby_worker_protection_held", (("protection", "landlock"), ("worker", "gate"))] == 0
    assert read["passerby_recording_ok", ()] == 0
    assert read["passerby_measurements_ok", ()] == 0
    assert read["passerby_measurements_kept_total", ()] == 90
    assert read["passerby_measurements_lost_total", gate] == 2
    assert read["passerby_hazards_ok", ()] == 0
    assert read["passerby_hazards_messages_dropped_total", gate] == 3
    assert read["passerby_alerts_open", (("severity", "alarm"),)] == 2
    assert read["passerby_alerts_unacknowledged", ()] == 1
    assert read["passerby_alert_events_written_total", ()] == 9
    assert read["passerby_ready", ()] == 0
    assert read["passerby_cameras_watched", ()] == 2
    assert read["passerby_log_lines_lost_total", ()] == 5


def channel(channel_id: str = "ops", **changes: Any) -> ChannelHealth:
    """Of a channel that works."""
    values: dict[str, Any] = {"kind": "webhook", "waiting": 0, "dead": 0, "delivered": 0, "retried": 0, "failing": "", "failing_s": 0.0}
    return ChannelHealth(channel_id, **(values | changes))


def of_hazards(**changes: Any) -> str:
    """What is said of a site whose hazards are so."""
    return exposition(site_now(hazards=HazardHealth(alive=True, ticked_ago_s=0.0, **changes)), 0, 0).decode("utf-8")


def test_each_channel_says_what_waits_was_taken_sent_again_and_given_up() -> None:
    ops = channel("ops", waiting=7, dead=2, delivered=40, retried=5, lost=3, failing="no connection")
    read = values(of_hazards(channels=(ops, channel("boss", delivered=1))))
    names = ("ok", "waiting", "delivered_total", "retried_total", "dead_letters", "dead_letters_deleted_total")
    assert [read[f"passerby_channel_{name}", (("channel", "ops"),)] for name in names] == [0, 7, 40, 5, 2, 3]
    assert [read[f"passerby_channel_{name}", (("channel", "boss"),)] for name in names] == [1, 0, 1, 0, 0, 0]


def test_alerts_that_were_opened_are_counted_by_kind_and_severity_from_zero_on() -> None:
    opened = {(HazardKind.DENSITY, Severity.WARNING): 3, (HazardKind.CHANNEL, Severity.ALARM): 1}
    read = values(of_hazards(opened=opened))
    counted = {labels: value for (name, labels), value in read.items() if name == "passerby_alerts_opened_total"}
    assert len(counted) == len(HazardKind) * len(Severity)
    assert {(labels[0][1], labels[1][1]): value for labels, value in counted.items() if value} == {("density", "warning"): 3, ("channel", "alarm"): 1}


def test_no_label_holds_why_a_channel_fails_or_anything_but_ids_and_names_of_the_site() -> None:
    read = values(of_hazards(channels=(channel(failing="https://user:hunter2@ops.example.org refuses anna@example.org"),), failing="hunter2"))
    labels = {value for name, found in read if name.startswith(("passerby_channel", "passerby_alert", "passerby_hazard")) for _, value in found}
    assert labels == {"ops", *HazardKind, *Severity}
    assert not {name for name, found in read if any("hunter2" in value or "anna" in value for _, value in found)}


@example('Station" 1\npasserby_ready 0\n# ')
@example("back\\slash\\")
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_name_that_looks_like_figures_is_a_name(name: str) -> None:
    said = exposition(site_now(name=name), 0, 0).decode("utf-8")
    assert sum(line.startswith("passerby_site_info") for line in said.split("\n")) == 1
    assert [dict(labels) for (metric, labels) in values(said) if metric == "passerby_site_info"] == [{"name": name}]
    assert values(said)["passerby_ready", ()] == 1


def test_nothing_tells_how_many_people_are_where() -> None:
    few, many = (exposition(site_now(camera_now(place=place_now(scene=message(glyphs=count)))), 0, 0) for count in (0, 4))
    forget = re.compile(rb"^passerby_supervisor_resident_bytes .*$", re.MULTILINE)
    assert forget.sub(b"", few) == forget.sub(b"", many)
