"""One run of a site, from the checks before it to the last segment closed: everything is built here, in one place, and ended in order.

start   state folder and its lock, receipts, deletion of what is due, weights, recordings, the port, signals; then the workers, then the pages
end     no more requests; workers; what is queued is written; segments closed; pages; the lock
"""

import contextlib
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from passerby.clock import Clock, SystemClock
from passerby.errors import PasserbyError
from passerby.hazards.outbox import Outbox
from passerby.models.fetch import verified_weights
from passerby.models.manifest import load_manifest
from passerby.record.last_plate import last_plate
from passerby.record.receipts import FileReceipts
from passerby.record.recorder import Recordings
from passerby.record.settings import RecordingSettings
from passerby.released.scene import Scene
from passerby.serve.accounts.access import user_of_machine
from passerby.serve.accounts.door import Door
from passerby.serve.alerts.composing import add_alert_pages, hazard_thread
from passerby.serve.app import application
from passerby.serve.archive import Archive, ArchiveFacts
from passerby.serve.asked_signals import AskedSignals, asked_signals
from passerby.serve.http_server import HttpServer
from passerby.serve.measured_places import MeasuredPlaces
from passerby.serve.painter_process import PainterProcess
from passerby.serve.pictures import Pictures
from passerby.serve.pushes import Pushes
from passerby.serve.recorded_places import RecordedPlaces
from passerby.serve.reload import change_of, redrawn
from passerby.serve.service_notice import ServiceNotice
from passerby.serve.streams import Streams
from passerby.serve.tally.tallying import Tallying
from passerby.site.planning import orders, pushes
from passerby.site.reach import require_reach, tls_context
from passerby.site.reading import read_site
from passerby.site.settings import Camera, Server, Site
from passerby.store.counted_places import CountedPlace, counted_places
from passerby.store.places import MEASUREMENTS, place_of
from passerby.store.tallies import TALLIES, Tallies
from passerby.supervise.camera_words import STALE_S
from passerby.supervise.configured import ConfigurationRecord
from passerby.supervise.corrections import Corrections
from passerby.supervise.hazard_thread import HazardThread
from passerby.supervise.journal import Journal
from passerby.supervise.kept_history import history_thread
from passerby.supervise.measuring import Measuring, MeasuringSettings
from passerby.supervise.outbox_of import outbox_of
from passerby.supervise.process_memory import give_back_large_blocks, refuse_dumps
from passerby.supervise.running_site import CameraFacts, RunningSite, measured_of
from passerby.supervise.state_folder import StateFolder
from passerby.supervise.supervisor import Workers
from passerby.supervise.validator_process import ValidatorProcess

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
SITE_WITHIN_S: Final = 3.6
PAGES_WITHIN_S: Final = 0.5
CHANNELS_WITHIN_S: Final = 1.0
PICTURES_OF_AGE: Final = 2.5
"""A slow camera's picture counts as present for so many times the pause between two."""
RECEIPTS: Final = "receipts.jsonl"
RECORDINGS: Final = "recordings"


@dataclass(frozen=True, slots=True)
class _Parts:
    """What runs, as far as a changed site file is its matter."""

    running: RunningSite
    server: HttpServer
    record: ConfigurationRecord
    sending: Pushes
    hazards: HazardThread
    outbox: Outbox


class Operation:
    """A site that is about to run.

    Args:
        site: The site.
        path: Its file, to be read anew at SIGHUP; None = there is none.
        cache_folder: Where the detector's weights are kept.
        journal: Is told what happens.
        lost_log_lines: How many log lines were dropped.
        clock: Time.
    """

    def __init__(
        self,
        site: Site,
        path: Path | None,
        cache_folder: Path,
        journal: Journal,
        lost_log_lines: Callable[[], int] = int,
        clock: Clock | None = None,
    ) -> None:
        self._site, self._path, self._cache_folder = site, path, cache_folder
        self._journal, self._lost_log_lines = journal, lost_log_lines
        self._clock = SystemClock() if clock is None else clock
        self._notice = ServiceNotice()
        self._counted: tuple[Site, tuple[CountedPlace, ...]] | None = None
        self._redrawn: set[str] = set()
        """Cameras of which something was drawn anew since the start."""

    def _kept_plate(self, camera: str) -> Scene | None:
        """The plate that a new process may begin with, out of the recordings; None = none, and the place settles anew.

        What is drawn anew is drawn on what the camera sees now: a plate of before may be that of another view.
        """
        if not self._site.place.keep_plates or camera in self._redrawn:
            return None
        try:
            return last_plate(self._site.state_folder / RECORDINGS, camera)
        except (PasserbyError, OSError) as error:
            self._journal.warning("the last plate cannot be read: the place settles anew", camera=camera, error=type(error).__name__)
            return None

    def _stale_s(self, camera: str) -> float:
        """After how long a camera's scene does not show how the place is now."""
        return next((_stale_s(one) for one in self._site.cameras if one.id == camera), STALE_S)

    def _counted_places(self) -> tuple[CountedPlace, ...]:
        """Where people can count: the same tuple until another site file is taken."""
        if self._counted is None or self._counted[0] is not self._site:
            self._counted = (self._site, counted_places(self._site))
        return self._counted[1]

    def _archive_facts(self) -> ArchiveFacts:
        """What the pages say of recordings, as the site file says it now."""
        return ArchiveFacts(
            zone=self._site.zone,
            zone_name=self._site.place.time_zone,
            names={camera.id: camera.title for camera in self._site.cameras},
            retention_s={camera.id: camera.retention_s for camera in self._site.cameras},
        )

    def run(self, say_address: Callable[[str], object]) -> int:
        """Runs until a signal says to end; returns the exit code.

        Args:
            say_address: Is told where the pages are, once they can be opened.

        Raises:
            UserError: It cannot begin: weights, state folder, port, or a secret that is missing.
        """
        give_back_large_blocks()
        refuse_dumps()
        require_reach(self._site, "site.toml" if self._path is None else self._path.name)
        with contextlib.ExitStack() as stack:
            state = stack.enter_context(StateFolder(self._site.state_folder))
            receipts = FileReceipts(state.path / RECEIPTS)
            # First of all, what is due is deleted: nothing that a start may stumble over puts that off (invariant I8).
            Recordings(state.path / RECORDINGS, recording_of(self._site), self._clock, receipts, by=user_of_machine(), promise=False).close()
            kept = history_thread(state.path / MEASUREMENTS, self._site.measurements.retention_s, receipts, self._clock, self._journal)
            hazards = hazard_thread(self._site, state.path, receipts, self._clock, self._journal)
            outbox = outbox_of(self._site, state.path, hazards, self._clock, self._journal)
            self._prepare_weights(self._site)
            configures = orders(self._site, self._cache_folder)
            sent_to = pushes(self._site)
            record = self._noted(state.path, receipts)
            measuring = Measuring(measured_of(facts_of(self._site)), kept, self._clock, self._journal, measuring_of(self._site))
            corrections = Corrections(state.path / MEASUREMENTS, self._counted_places)
            running = RunningSite(
                self._site.name,
                facts_of(self._site),
                lambda on_message, on_worker: Workers(
                    configures, self._clock, on_message, on_worker, kept_plate=self._kept_plate, corrections=corrections.of
                ),
                Recordings(state.path / RECORDINGS, recording_of(self._site), self._clock, receipts, by=user_of_machine()),
                self._clock,
                self._journal,
                records=self._site.recording.enabled,
                measuring=measuring,
            )
            running.watch_for_hazards(hazards)
            pictures = Pictures(running.places, PainterProcess(), self._clock)
            served = self._site.server
            door = Door.of(served, state.path, self._clock, self._journal)
            recorded = RecordedPlaces(Archive(state.path / RECORDINGS, receipts, self._archive_facts, self._clock))
            streams = Streams(running.places, self._stale_s, self._clock)
            sending = Pushes(streams, self._clock, self._journal)
            pages = application(
                running,
                pictures,
                self._lost_log_lines,
                door,
                streams=streams,
                recorded=recorded,
                measured=MeasuredPlaces(lambda: place_of(self._site), measuring.pulses, self._clock),
                tallying=self._tallying(state.path / TALLIES, running, measuring),
            )
            add_alert_pages(pages, hazards, lambda: self._site, self._clock)
            server = HttpServer(pages, served.host, served.port, tls_of(served), guarded=True, proxies=served.proxies if served.behind_proxy else ())
            asked = stack.enter_context(asked_signals())
            self._say_start(len(configures))
            parts = _Parts(running, server, record, sending, hazards, outbox)
            try:
                running.start()
                outbox.start()
                server.start()
                sending.follow(sent_to)
                say_address(server.address)
                self._notice.ready(f"{len(self._site.cameras)} cameras at {server.address}")
                self._follow(asked, parts)
            finally:
                sending.stop()
                done = self._end(running, server)
                done = outbox.stop(CHANNELS_WITHIN_S) and done  # after hazards, which tell it of alerts to the end
        return EXIT_DONE if done else EXIT_FAILED

    def _tallying(self, folder: Path, running: RunningSite, measuring: Measuring) -> Tallying:
        """What takes the counts of people at the place, and has the workers told what follows from them."""
        validator = ValidatorProcess(folder, lambda: place_of(self._site), trained=running.correct)
        return Tallying(Tallies(folder), self._counted_places, measuring.pulses, validator, self._clock, self._journal)

    def _noted(self, state: Path, receipts: FileReceipts) -> ConfigurationRecord:
        """What writes changes of the configuration down; those since the last run are."""
        record = ConfigurationRecord(state, receipts, self._clock)
        record.note(self._site, user_of_machine())
        return record

    def _say_start(self, workers: int) -> None:
        self._journal.info("starting", site=self._site.name, cameras=len(self._site.cameras), workers=workers, pid=os.getpid())
        if self._site.place.keep_plates and not self._site.recording.enabled:
            self._journal.warning("keep_plates has no effect without recordings, which hold the plates: every place settles anew after a restart")

    def _prepare_weights(self, site: Site) -> None:
        """Makes sure that the workers find the detector's weights: they have no network to fetch them."""
        detector = site.detector
        verified_weights(load_manifest(detector.manifest).entry(detector.name), self._cache_folder)

    def _follow(self, asked: AskedSignals, parts: _Parts) -> None:
        """Waits for a request to end, and does what else is asked for."""
        while True:
            number = asked.next(self._notice.alive_every_s)
            if number is None:
                if not parts.running.now().not_alive:
                    self._notice.alive()
                continue
            if asked.means_end(number):
                self._journal.info("ending", signal=number.name)
                return
            self._journal.info("reading the site file anew", signal=number.name)
            self._notice.reloading()
            self._renew_tls(parts.server)
            try:
                self._reload(parts)
            except PasserbyError as error:
                self._journal.error("the site file was not taken; everything goes on as before", why=str(error))
            self._notice.ready(f"{len(self._site.cameras)} cameras")

    def _renew_tls(self, server: HttpServer) -> None:
        """Takes over a certificate that was renewed."""
        try:
            server.renew_tls()
        except PasserbyError as error:
            self._journal.error("the certificate was not taken; the one of before goes on", why=str(error))

    def _reload(self, parts: _Parts) -> None:
        """Takes over what changed in the site file, and says what was taken over and what was not."""
        if self._path is None:
            self._journal.warning("there is no site file to read")
            return
        change = change_of(self._site, read_site(self._path))
        configures = orders(change.site, self._cache_folder)
        sent_to = pushes(change.site)
        if change.site.detector != self._site.detector:
            self._prepare_weights(change.site)
        parts.outbox.check(change.site)
        by = user_of_machine()
        self._redrawn |= redrawn(self._site, change.site)
        parts.record.note(change.site, by)
        try:
            records = change.site.recording.enabled
            measures = measuring_of(change.site)
            facts = facts_of(change.site)
            parts.running.change(change.site.name, facts, configures, recording_of(change.site), by=by, records=records, measures=measures)
        except PasserbyError:
            parts.record.note(self._site, by)
            raise
        self._site = change.site
        parts.sending.follow(sent_to)
        parts.hazards.follow(change.site)
        parts.outbox.follow(change.site)
        self._journal.info("site file taken", taken=list(change.taken), needs_restart=list(change.needs_restart))

    def _end(self, running: RunningSite, server: HttpServer) -> bool:
        """Ends everything in order; whether all was done in time."""
        self._notice.ending()
        server.ask_to_stop()
        done = running.stop(SITE_WITHIN_S)
        server.stop(PAGES_WITHIN_S)
        self._journal.info("ended", in_order=done)
        return done


def facts_of(site: Site) -> tuple[CameraFacts, ...]:
    """What may be said of a site's cameras."""
    return tuple(
        CameraFacts(
            camera.id,
            camera.title,
            camera.purpose,
            camera.release_level,
            _stale_s(camera),
            frozenset(zone.id for zone in site.zones if zone.camera == camera.id),
            frozenset(line.id for line in site.lines if line.camera == camera.id),
        )
        for camera in site.cameras
    )


def measuring_of(site: Site) -> MeasuringSettings:
    """What is done with measurements."""
    return MeasuringSettings(site.measurements.enabled, site.measurements.retention_s)


def recording_of(site: Site) -> RecordingSettings:
    """What recording is told. Where nothing is to be recorded, what there is from before is still deleted when it is due."""
    settings = RecordingSettings.of(site)
    return settings if site.recording.enabled else replace(settings, retention_s=MappingProxyType({}))


def tls_of(server: Server) -> Callable[[], ssl.SSLContext] | None:
    """What makes the server's side of TLS; None = it has none."""
    certificate, key = server.certificate, server.key
    return None if certificate is None or key is None else lambda: tls_context(certificate, key)


def _stale_s(camera: Camera) -> float:
    return STALE_S if camera.fps_limit is None else max(STALE_S, PICTURES_OF_AGE / camera.fps_limit)
