import re

from prometheus_client.parser import text_string_to_metric_families

from passerby.hazards.alert import Severity
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


def test_nothing_tells_how_many_people_are_where() -> None:
    few, many = (exposition(site_now(camera_now(place=place_now(scene=message(glyphs=count)))), 0, 0) for count in (0, 4))
    forget = re.compile(rb"^passerby_supervisor_resident_bytes .*$", re.MULTILINE)
    assert forget.sub(b"", few) == forget.sub(b"", many)
