"""What `/metrics` says to Prometheus: how the machinery is, never how many people are where. Names and labels are a contract (docs/guide/run.md)."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from passerby.hazards.alert import HazardKind, Severity
from passerby.hazards.channels.figures import ChannelHealth
from passerby.released.messages import CameraHealth
from passerby.supervise.camera_words import Condition
from passerby.supervise.hazard_thread import HazardHealth
from passerby.supervise.history_thread import HistoryHealth
from passerby.supervise.latency import BOUNDS_S
from passerby.supervise.process_memory import resident_bytes
from passerby.supervise.site_now import CameraNow, SiteNow
from passerby.supervise.worker_health import WorkerHealth, WorkerState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

COUNTERS: dict[str, tuple[str, Callable[[CameraHealth], float]]] = {
    "passerby_camera_pictures_received": ("Pictures that were decoded and due.", lambda health: health.received),
    "passerby_camera_pictures_gated": ("Pictures that went through the gate.", lambda health: health.gated),
    "passerby_camera_pictures_skipped": ("Pictures replaced by a newer one before the gate had time.", lambda health: health.skipped),
    "passerby_camera_connections": ("Connections that gave a picture.", lambda health: health.connections),
    "passerby_camera_timestamps_repaired": ("Timestamps that had to be repaired.", lambda health: health.repaired),
    "passerby_camera_damaged": ("Damaged packets and pictures.", lambda health: health.damaged),
    "passerby_camera_received_bytes": ("Bytes of video packets.", lambda health: health.received_bytes),
    "passerby_camera_decode_seconds": ("Processor time spent on decoding.", lambda health: health.decode_s),
    "passerby_camera_gate_seconds": ("Processor time spent in the gate.", lambda health: health.gate_s),
    "passerby_camera_looks_seconds": ("Of these, spent in the detector.", lambda health: health.looks_s),
}
"""Counters of a camera since its worker began; they begin at 0 with each worker, as Prometheus expects of a counter."""


def exposition(now: SiteNow, watched: int, lost_log_lines: int) -> bytes:
    """The text for Prometheus.

    Args:
        now: How the site is.
        watched: How many cameras somebody watches.
        lost_log_lines: Log lines that nobody took in time.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(now, watched, lost_log_lines))
    return generate_latest(registry)


class _Once(Collector):
    """Hands out the metrics of one moment."""

    def __init__(self, now: SiteNow, watched: int, lost_log_lines: int) -> None:
        self._now, self._watched, self._lost_log_lines = now, watched, lost_log_lines

    def collect(self) -> Iterator[Metric]:
        """The metrics."""
        now = self._now
        yield InfoMetricFamily("passerby_site", "The site.", {"name": now.name})
        yield GaugeMetricFamily("passerby_up_seconds", "Seconds since the site was started.", now.up_s)
        yield GaugeMetricFamily("passerby_ready", "Whether the site is ready.", float(not now.not_ready))
        yield GaugeMetricFamily("passerby_supervisor_resident_bytes", "Memory of the supervisor.", resident_bytes())
        yield GaugeMetricFamily("passerby_cameras_watched", "Cameras that somebody watches now.", self._watched)
        yield CounterMetricFamily("passerby_log_lines_lost", "Log lines that nobody took in time.", self._lost_log_lines)
        yield from _camera_metrics(now.cameras)
        yield from _worker_metrics(now.workers)
        if now.recording is not None:
            yield GaugeMetricFamily("passerby_recording_ok", "Whether the last write worked.", float(not now.recording.failing))
            yield GaugeMetricFamily("passerby_recording_minutes", "Minutes that are kept, of all cameras.", now.recording.minutes)
            yield GaugeMetricFamily("passerby_recording_free_bytes", "Free space of the disk.", now.recording.free_bytes)
            yield GaugeMetricFamily("passerby_recording_queue_scenes", "Scenes that wait to be written.", now.recording.waiting)
            yield GaugeMetricFamily("passerby_recording_queue_bytes", "Their bytes.", now.recording.waiting_bytes)
        if now.measuring is not None:
            yield from _measuring_metrics(now.measuring)
        if now.hazards is not None:
            yield from _hazard_metrics(now.hazards)


def _hazard_metrics(hazards: HazardHealth) -> Iterator[Metric]:
    """How watching for hazards is, and how many alerts are open: not where, and not of what."""
    yield GaugeMetricFamily("passerby_hazards_ok", "Whether watching for hazards works.", float(not hazards.failing))
    yield GaugeMetricFamily("passerby_hazards_read_age_seconds", "Seconds since the rules were last read.", hazards.ticked_ago_s)
    open_now = GaugeMetricFamily("passerby_alerts_open", "Alerts that are not closed, without exercises.", labels=["severity"])
    for severity, count in hazards.open.items():
        open_now.add_metric([severity.value], count)
    yield open_now
    opened = CounterMetricFamily("passerby_alerts_opened", "Alerts that were opened since the start, without exercises.", labels=["kind", "severity"])
    for kind in HazardKind:
        for severity in Severity:
            opened.add_metric([kind.value, severity.value], hazards.opened.get((kind, severity), 0))
    yield opened
    yield GaugeMetricFamily("passerby_alerts_unacknowledged", "Those of which nobody has taken notice.", hazards.unacknowledged)
    yield CounterMetricFamily("passerby_alert_events_written", "Events of alerts that were written down since the start.", hazards.written)
    yield GaugeMetricFamily("passerby_alert_events_waiting", "Events of alerts that wait to be written down.", hazards.waiting)
    yield CounterMetricFamily("passerby_alert_events_lost", "Events of alerts that could not be kept.", hazards.lost)
    yield GaugeMetricFamily("passerby_alert_events_untold", "Events that channels have not taken over yet.", hazards.untold)
    dropped = CounterMetricFamily("passerby_hazards_messages_dropped", "Messages of a camera that the rules did not hear.", labels=["camera"])
    for camera, count in sorted(hazards.dropped.items()):
        dropped.add_metric([camera], count)
    yield dropped
    yield from _channel_metrics(hazards.channels)


def _channel_metrics(channels: tuple[ChannelHealth, ...]) -> Iterator[Metric]:
    """How telling of alerts is: a channel goes by its id, and nothing is said of whom it reaches, where, or why it fails."""
    labels = ["channel"]
    works = GaugeMetricFamily("passerby_channel_ok", "Whether the channel does not fail.", labels=labels)
    waiting = GaugeMetricFamily("passerby_channel_waiting", "Messages that wait to be told.", labels=labels)
    delivered = CounterMetricFamily("passerby_channel_delivered", "Messages that were taken since the start.", labels=labels)
    retried = CounterMetricFamily("passerby_channel_retried", "Messages that were sent once more since the start, each time.", labels=labels)
    dead = GaugeMetricFamily("passerby_channel_dead_letters", "Messages that were given up and are kept.", labels=labels)
    lost = CounterMetricFamily(
        "passerby_channel_dead_letters_deleted", "Those that were deleted since the start, as there were too many.", labels=labels
    )
    for channel in channels:
        works.add_metric([channel.channel], float(not channel.failing))
        waiting.add_metric([channel.channel], channel.waiting)
        delivered.add_metric([channel.channel], channel.delivered)
        retried.add_metric([channel.channel], channel.retried)
        dead.add_metric([channel.channel], channel.dead)
        lost.add_metric([channel.channel], channel.lost)
    yield from (works, waiting, delivered, retried, dead, lost)


def _measuring_metrics(measuring: HistoryHealth) -> Iterator[Metric]:
    """How keeping measurements is, and nothing of what was measured."""
    yield GaugeMetricFamily("passerby_measurements_ok", "Whether keeping measurements works.", float(not measuring.failing))
    yield CounterMetricFamily("passerby_measurements_kept", "Minutes of cameras that were kept since the start.", measuring.kept)
    yield GaugeMetricFamily("passerby_measurements_queue", "Minutes of cameras that wait to be kept.", measuring.waiting)
    yield GaugeMetricFamily("passerby_measurements_days", "Days of which there are measurements.", measuring.days)
    lost = CounterMetricFamily("passerby_measurements_lost", "Minutes of cameras that could not be kept.", labels=["camera"])
    for camera, count in sorted(measuring.lost.items()):
        lost.add_metric([camera], count)
    yield lost


def _camera_metrics(cameras: tuple[CameraNow, ...]) -> Iterator[Metric]:
    condition = GaugeMetricFamily("passerby_camera_condition", "1 for the condition that the camera is in.", labels=["camera", "condition"])
    withheld = GaugeMetricFamily("passerby_camera_withheld_share", "Part of the picture that is withheld.", labels=["camera"])
    age = GaugeMetricFamily("passerby_camera_picture_age_seconds", "Seconds since the newest gated picture came in.", labels=["camera"])
    looks = GaugeMetricFamily("passerby_camera_looks_hertz", "How often the gate looks.", labels=["camera"])
    drift = GaugeMetricFamily("passerby_camera_clock_drift_seconds", "How far its clock ran ahead of ours.", labels=["camera"])
    lost = CounterMetricFamily("passerby_camera_scenes_not_recorded", "Scenes that could not be recorded.", labels=["camera"])
    scenes = CounterMetricFamily("passerby_camera_scenes", "Scenes that came from its worker.", labels=["camera"])
    latency = HistogramMetricFamily("passerby_camera_latency_seconds", "From a picture's arrival to its scene in the supervisor.", labels=["camera"])
    for camera in cameras:
        for each in Condition:
            condition.add_metric([camera.id, each.value], float(camera.words.condition is each))
        if camera.place.scene is not None:
            withheld.add_metric([camera.id], camera.place.scene.scene.health.withheld_share)
        if camera.place.scene_age_s is not None:
            age.add_metric([camera.id], camera.place.scene_age_s)
        if camera.place.health is not None:
            looks.add_metric([camera.id], camera.place.health.looks_hz)
            drift.add_metric([camera.id], camera.place.health.drift_s)
        lost.add_metric([camera.id], camera.lost_scenes)
        scenes.add_metric([camera.id], camera.place.scenes)
        _add_latency(latency, camera)
    yield from (condition, withheld, age, looks, drift, lost, scenes, latency)
    for name, (words, value) in COUNTERS.items():
        counter = CounterMetricFamily(name, words, labels=["camera"])
        for camera in cameras:
            if camera.place.health is not None:
                counter.add_metric([camera.id], value(camera.place.health))
        yield counter


def _add_latency(metric: HistogramMetricFamily, camera: CameraNow) -> None:
    counts, sum_s = camera.latency.counts()
    below, buckets = 0, []
    for bound_s, count in zip([*map(str, BOUNDS_S), "+Inf"], counts, strict=True):
        below += count
        buckets.append((bound_s, float(below)))
    metric.add_metric([camera.id], buckets, sum_s)


def _worker_metrics(workers: tuple[WorkerHealth, ...]) -> Iterator[Metric]:
    """Of each worker; it goes by the id of its first camera, which stays over restarts."""
    labels = ["worker"]
    up = GaugeMetricFamily("passerby_worker_up", "Whether the sealed worker runs.", labels=labels)
    restarts = CounterMetricFamily("passerby_worker_restarts", "How often it was started anew.", labels=labels)
    cpu = CounterMetricFamily("passerby_worker_cpu_seconds", "Processor time of the running process.", labels=labels)
    memory = GaugeMetricFamily("passerby_worker_resident_bytes", "Its memory.", labels=labels)
    held = GaugeMetricFamily("passerby_worker_protection_held", "Whether a protection holds.", labels=["worker", "protection"])
    for worker in workers:
        first = worker.cameras[0]
        up.add_metric([first], float(worker.state is WorkerState.RUNNING))
        restarts.add_metric([first], worker.restarts)
        cpu.add_metric([first], worker.cpu_s)
        memory.add_metric([first], worker.resident_bytes)
        for protection in worker.protections:
            held.add_metric([first, protection.name], float(protection.held))
    yield from (up, restarts, cpu, memory, held)
