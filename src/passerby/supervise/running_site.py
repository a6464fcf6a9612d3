"""A site that runs: workers, recording and live places put together, and what is said about them.

Messages come in on the workers' reader threads and go their ways, none of which waits: the live places keep the newest of each camera, the threads
that record, keep measurements and watch for hazards have queues of bounded size. A thread of its own looks once a second at how the cameras are and
writes changes to the journal.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from passerby.clock import Clock
from passerby.record.settings import RecordingSettings
from passerby.released.measurement import Measurement, Pulse
from passerby.released.messages import Beat, CameraHealth, Hello, Message, Reason, SceneMessage, Trouble
from passerby.site.orders import Configure
from passerby.supervise.camera_words import STALE_S, CameraWords, Condition, camera_words
from passerby.supervise.hazard_thread import HazardHealth, HazardThread
from passerby.supervise.history_thread import HistoryHealth
from passerby.supervise.journal import Journal
from passerby.supervise.live_places import LivePlaces
from passerby.supervise.measuring import MeasuredCamera, Measuring, MeasuringSettings
from passerby.supervise.plate_requests import PlateRequests
from passerby.supervise.recording_thread import RecordingHealth, RecordingThread, SceneRecorder
from passerby.supervise.site_now import CameraNow, SiteNow
from passerby.supervise.worker_health import WorkerHealth, WorkerState
from passerby.supervise.worker_keeper import OnMessage, OnWorker

TICK_S: Final = 1.0
STANDS_STILL_S: Final = 30.0
"""A thread that did nothing for so long does not live."""
TELL_EVERY_S: Final = 10.0
"""A camera that flaps is told of no more often than this."""
STOP_WITHIN_S: Final = 4.0
WORKERS_SHARE: Final = 0.5
"""Of the time to stop, so much is for the workers."""
WORKERS_WITHIN_S: Final = 2.0
CHANGE_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """What may be said of a camera, from the site file. A scene older than `stale_s` does not show how the place is now. Zones, lines: their ids."""

    id: str
    name: str
    purpose: str
    release_level: str
    stale_s: float = STALE_S
    zones: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()


class SiteWorkers(Protocol):
    """The sealed workers of a site: `supervisor.Workers`, or a stand-in."""

    def start(self) -> None:
        """Starts them; messages come on threads of theirs."""
        ...

    def stop(self, within_s: float) -> bool:
        """Ends them, by force where they do not end in time."""
        ...

    def changed_by(self, configures: Iterable[Configure]) -> frozenset[str]:
        """The cameras whose orders would be others."""
        ...

    def replace(self, configures: Iterable[Configure], within_s: float) -> None:
        """Goes on with other workers; those whose orders stay the same are not touched."""
        ...

    def send_plate(self, camera: str) -> bool:
        """Asks for a camera's whole plate; does not block."""
        ...

    def correct(self) -> None:
        """Tells them how counts are corrected from now on."""
        ...

    def health(self) -> tuple[WorkerHealth, ...]:
        """How they are."""
        ...


class RunningSite:
    """A site from start to stop.

    Args:
        name: Of the site.
        cameras: What may be said of them, in order.
        workers_of: Makes its sealed workers, given who takes their messages and who is told of their states.
        recorder: Writes scenes down, and deletes what is due; None = neither.
        clock: Time.
        journal: Is told what happens.
        records: Whether scenes are recorded now; what was recorded before is deleted when it is due in any case.
        measuring: Takes in what is measured; None = nothing is.
    """

    def __init__(
        self,
        name: str,
        cameras: Iterable[CameraFacts],
        workers_of: Callable[[OnMessage, OnWorker], SiteWorkers],
        recorder: SceneRecorder | None,
        clock: Clock,
        journal: Journal,
        *,
        records: bool = True,
        measuring: Measuring | None = None,
    ) -> None:
        self._name, self._records, self._measuring = name, records, measuring
        self._hazards: HazardThread | None = None
        self._cameras = tuple(cameras)
        self._clock, self._journal = clock, journal
        self._workers = workers_of(self.accept, self._hear_of_worker)
        self._recording: RecordingThread | None = None
        self._plates = PlateRequests(self._workers.send_plate, clock, self._is_behind, self._plate_weight)
        self.places = LivePlaces((camera.id for camera in self._cameras), self._plates.ask, clock)
        if recorder is not None:
            self._recording = RecordingThread(recorder, self._plates.ask, clock, journal, self._plates.tick)
        self._started_s = clock.monotonic_s()
        self._looked_s = self._started_s
        self._changing: frozenset[str] = frozenset()
        self._told: dict[str, tuple[Condition, str, float]] = {}
        self._ending = threading.Event()
        self._watch = threading.Thread(target=self._look_on, name="site", daemon=True)

    def watch_for_hazards(self, hazards: HazardThread) -> None:
        """Has hazards watched for; before the start."""
        self._hazards = hazards

    def start(self) -> None:
        """Starts everything."""
        self._started_s = self._looked_s = self._clock.monotonic_s()
        if self._recording is not None:
            self._recording.start()
        if self._measuring is not None:
            self._measuring.start()
        if self._hazards is not None:
            self._hazards.start()
        self._workers.start()
        self._watch.start()

    def stop(self, within_s: float = STOP_WITHIN_S) -> bool:
        """Ends the workers, writes what is queued, closes the segments; whether all of it was done in time."""
        self._ending.set()
        begun_s = self._clock.monotonic_s()
        self._workers.stop(within_s * WORKERS_SHARE)
        left_s = max(0.5, within_s - (self._clock.monotonic_s() - begun_s))
        kept = self._measuring is None or self._measuring.stop(left_s / 2)
        if not kept:
            self._journal.error("measurements that were queued could not be kept")
        if self._hazards is not None and not self._hazards.stop(left_s / 2):
            self._journal.error("alerts that waited could not be written down")
            kept = False
        done = self._recording.stop(left_s) if self._recording is not None else True
        if not done:
            self._journal.error("recording did not end in time; the open segments are recovered at the next start")
        return done and kept

    def accept(self, message: Message) -> None:
        """Takes in a message of a worker; never blocks."""
        match message:
            case SceneMessage():
                self._accept_scene(message)
            case Pulse() | Measurement():
                believed = self._measuring is None or self._measuring.accept(message)
                if self._hazards is not None and believed:
                    self._hazards.accept(message)
            case CameraHealth():
                self.places.accept(message)
                if self._hazards is not None:
                    self._hazards.accept(message)
            case Trouble():
                self.places.accept(message)
                self._journal.warning(
                    "trouble in a worker", camera=message.camera, reason=message.reason.value, error=message.error, place=message.place
                )
            case Hello():
                missing = {protection.name: protection.word for protection in message.protections if not protection.held}
                self._journal.info("worker sealed", pid=message.pid, protections=len(message.protections) - len(missing), missing=missing)
            case Beat():
                pass

    def _accept_scene(self, message: SceneMessage) -> None:
        self.places.accept(message)
        if message.camera not in self._changing:
            if self._recording is not None and self._records:
                self._recording.put(message)
            if self._hazards is not None:
                self._hazards.accept(message)
        if message.whole_plate:
            self._plates.arrived(message.camera)

    def change(
        self,
        name: str,
        cameras: Iterable[CameraFacts],
        configures: Iterable[Configure],
        recording: RecordingSettings,
        *,
        by: str,
        records: bool = True,
        measures: MeasuringSettings | None = None,
    ) -> None:
        """Goes on with what a changed site file says: workers whose orders stay the same are not touched.

        Of a camera whose orders change nothing is shown or recorded any more that follows the old ones.

        Raises:
            ReceiptError: A changed retention could not be written down: nothing was changed.
            OutputError: It could not be kept.
        """
        if self._recording is not None:
            self._recording.configure(recording, by=by, within_s=CHANGE_WITHIN_S)
        self._name, self._cameras, self._records = name, tuple(cameras), records
        self.places.follow(camera.id for camera in self._cameras)
        orders = tuple(configures)
        self._changing = self._workers.changed_by(orders)
        self.places.withhold(self._changing)
        self._hazards_begin_anew()
        try:
            self._workers.replace(orders, WORKERS_WITHIN_S)
        finally:
            self._hazards_begin_anew()
            self.places.resume(self._changing)
            self._changing = frozenset()
            # Not before: the last minute of a worker that ended is measured by the old zones and lines.
            if self._measuring is not None and measures is not None:
                self._measuring.follow(measured_of(self._cameras), measures)

    def _hazards_begin_anew(self) -> None:
        """That cameras are silent whose workers are started anew on purpose is no hazard."""
        if self._hazards is not None:
            self._hazards.begin_anew(self._changing)

    def correct(self) -> None:
        """Has the workers told how counts are corrected from now on: people counted at the place."""
        self._workers.correct()

    def now(self) -> SiteNow:
        """How everything is."""
        workers = self._workers.health()
        of_camera = {camera: worker for worker in workers for camera in worker.cameras}
        recording = None if self._recording is None else self._recording.health()
        lost = {} if recording is None else recording.lost
        known = set(self.places.cameras)
        cameras = tuple(self._camera_now(one, of_camera.get(one.id), lost.get(one.id, 0)) for one in self._cameras if one.id in known)
        measuring = None if self._measuring is None else self._measuring.health()
        hazards = None if self._hazards is None else self._hazards.health()
        still = self._stands_still(recording, measuring, hazards)
        up_s = self._clock.monotonic_s() - self._started_s
        not_ready = (*still, *_not_ready(workers, recording, measuring, hazards))
        return SiteNow(self._name, up_s, cameras, workers, recording if self._records else None, not_ready, still, measuring, hazards)

    def camera(self, camera: str) -> CameraNow | None:
        """How one camera is; None = there is none of that id. Quick, however many cameras there are."""
        facts = next((one for one in self._cameras if one.id == camera), None)
        if facts is None or camera not in self.places.cameras:
            return None
        worker = next((one for one in self._workers.health() if camera in one.cameras), None)
        recording = None if self._recording is None else self._recording.health()
        return self._camera_now(facts, worker, 0 if recording is None else recording.lost.get(camera, 0))

    def _plate_weight(self, camera: str) -> float:
        return self.places.plate_weight(camera)

    def _is_behind(self) -> bool:
        """Whether recording has so much to write that no more whole plates should come."""
        return self._recording is not None and self._recording.is_behind

    def _stands_still(self, recording: RecordingHealth | None, measuring: HistoryHealth | None, hazards: HazardHealth | None) -> tuple[str, ...]:
        still = []
        if self._clock.monotonic_s() - self._looked_s > STANDS_STILL_S:
            still.append("The thread that watches the cameras stands still.")
        if recording is not None and (not recording.alive or recording.ticked_ago_s > STANDS_STILL_S):
            still.append("The thread that records stands still.")
        if measuring is not None and (not measuring.alive or measuring.ticked_ago_s > STANDS_STILL_S):
            still.append("The thread that keeps measurements stands still.")
        if hazards is not None and (not hazards.alive or hazards.ticked_ago_s > STANDS_STILL_S):
            still.append("The thread that watches for hazards stands still.")
        return tuple(still)

    def _camera_now(self, facts: CameraFacts, worker: WorkerHealth | None, lost_scenes: int) -> CameraNow:
        place = self.places.now(facts.id)
        words = camera_words(place, _why_not(worker), facts.stale_s)
        fresh = place.scene_age_s is not None and place.scene_age_s <= facts.stale_s
        latency = self.places.latency(facts.id)
        return CameraNow(facts.id, facts.name, facts.purpose, facts.release_level, words, fresh, place, latency, worker, lost_scenes, facts.stale_s)

    def _hear_of_worker(self, worker: WorkerHealth) -> None:
        """Writes down why a worker ended."""
        if worker.state is WorkerState.STARTING:
            self.places.begin_anew(worker.cameras)
        facts: dict[str, object] = {"cameras": list(worker.cameras), "restarts": worker.restarts}
        if worker.state is WorkerState.WAITING:
            self._journal.error("worker ended; it starts anew after a pause", reason=worker.reason.value, word=worker.word, **facts)
        elif worker.state is WorkerState.RUNNING:
            self._journal.info("worker runs", pid=worker.pid, **facts)

    def _look_on(self) -> None:
        while not self._ending.wait(TICK_S):
            self._looked_s = self._clock.monotonic_s()
            self._plates.tick()
            for camera in self.now().cameras:
                self._tell(camera.id, camera.words)

    def _tell(self, camera: str, words: CameraWords) -> None:
        """Writes to the journal that a camera is in another condition, not more often than is useful."""
        now_s = self._clock.monotonic_s()
        kept = (words.condition, words.says if words.condition is Condition.TROUBLE else "")
        before = self._told.get(camera)
        if before is not None and (before[:2] == kept or now_s - before[2] < TELL_EVERY_S):
            return
        self._told[camera] = (*kept, now_s)
        say = self._journal.warning if words.condition is Condition.TROUBLE else self._journal.info
        todo = {"do": words.do} if words.do else {}
        say("camera", camera=camera, condition=words.condition.value, says=words.says, **todo)


def measured_of(cameras: Iterable[CameraFacts]) -> tuple[MeasuredCamera, ...]:
    """What is measured of cameras."""
    return tuple(MeasuredCamera(camera.id, camera.zones, camera.lines) for camera in cameras)


def _why_not(worker: WorkerHealth | None) -> Reason | None:
    """Why a worker does not run; None = it does."""
    if worker is None:
        return Reason.NOT_YET
    return None if worker.state is WorkerState.RUNNING else worker.reason


def _not_ready(
    workers: Iterable[WorkerHealth], recording: RecordingHealth | None, measuring: HistoryHealth | None, hazards: HazardHealth | None
) -> tuple[str, ...]:
    """Why a site is not ready."""
    why = [f"The worker of {', '.join(worker.cameras)} does not run yet." for worker in workers if worker.state is not WorkerState.RUNNING]
    if recording is not None and recording.failing:
        why.append(f"Recording fails: {recording.failing}.")
    if measuring is not None and measuring.failing:
        why.append(f"Keeping measurements fails: {measuring.failing}.")
    if hazards is not None and hazards.failing:
        why.append(f"Watching for hazards fails: {hazards.failing}.")
    return tuple(why)
