"""Viewings of recordings: who looks at which recordings, written down before anything is shown (invariant I7). Bounded in number and in time.

A viewing shows one camera's recordings of one span. It ends when its viewer ends it, or when nobody asked for anything for a while. What reads
the recordings is a process that is there only while something is asked.
"""

import secrets
import threading
from collections.abc import Sequence
from typing import Final

from passerby.record.receipts import Act, Receipt
from passerby.serve.answers import AnswerError
from passerby.serve.archive import Archive
from passerby.serve.player_orders import AskGround, AskScenes, Open, PlayerAnswer
from passerby.serve.player_process import PLAYER, PlayerProcess

MOST_VIEWINGS: Final = 12
MOST_PLAYERS: Final = 6
"""Processes that read, at once."""
KEEP_S: Final = 600.0
REST_S: Final = 45.0
"""A player that was asked nothing for so long is let go; the viewing goes on."""
LONGEST_S: Final = 86400.0
"""One viewing spans a day at most."""
WHY: Final = "watched in the browser"


class Viewing:
    """One viewing.

    Attributes:
        id: A secret of who began it.
        camera: Whose recordings.
        from_s, to_s: Which.
        by: Who looks.
        player: Reads.
        asked_at_s: When something was asked last, monotonic time.
    """

    def __init__(self, order: Open, by: str, command: Sequence[str], now_s: float) -> None:
        self.id = secrets.token_hex(16)
        self.camera, self.from_s, self.to_s, self.by = order.camera, order.from_s, order.to_s, by
        self.player = PlayerProcess(order, command)
        self.asked_at_s = now_s


class Viewings:
    """All viewings. Safe to use from several threads.

    Args:
        archive: The recordings.
        command: How a player is started.
    """

    def __init__(self, archive: Archive, command: Sequence[str] = PLAYER) -> None:
        self._archive, self._command = archive, command
        self._lock = threading.Lock()
        self._viewings: dict[str, Viewing] = {}

    def __len__(self) -> int:
        return len(self._viewings)

    def begin(self, camera: str, from_s: float, to_s: float, by: str) -> Viewing:
        """A viewing, written down.

        Raises:
            AnswerError: There are too many.
            ReceiptError: It could not be written down: nothing is shown.
        """
        order = Open(str(self._archive.recordings), camera, from_s, to_s, dict(self._archive.facts().retention_s))
        with self._lock:
            self._make_room(by)
            wall_s = self._archive.clock.wall_s()
            self._archive.receipts.write(Receipt(kind=Act.VIEWED, wall_s=wall_s, by=by, camera=camera, from_s=from_s, to_s=to_s, why=WHY))
            viewing = Viewing(order, by, self._command, self._archive.clock.monotonic_s())
            self._viewings[viewing.id] = viewing
        return viewing

    def find(self, viewing_id: str, by: str) -> Viewing:
        """A viewing of this viewer. Raises AnswerError where there is none, or none any more."""
        with self._lock:
            viewing = self._viewings.get(viewing_id)
            if viewing is None or viewing.by != by:
                raise AnswerError(404, "There is no such viewing, or it is over.", "Begin another one.")
            viewing.asked_at_s = self._archive.clock.monotonic_s()
            return viewing

    def ask(self, viewing: Viewing, question: AskScenes | AskGround) -> PlayerAnswer:
        """What the player answers. Takes as long as it takes to read."""
        self._rest_others(viewing)
        return viewing.player.ask(question)

    def end(self, viewing_id: str, by: str) -> None:
        """Ends a viewing. Raises AnswerError where there is none."""
        viewing = self.find(viewing_id, by)
        with self._lock:
            self._viewings.pop(viewing_id, None)
        viewing.player.stop()

    def tick(self) -> None:
        """Ends what nobody looks at any more. To be called about once a second."""
        now_s = self._archive.clock.monotonic_s()
        with self._lock:
            over = [viewing for viewing in self._viewings.values() if now_s - viewing.asked_at_s > KEEP_S]
            for viewing in over:
                del self._viewings[viewing.id]
            resting = [viewing for viewing in self._viewings.values() if now_s - viewing.asked_at_s > REST_S]
        for viewing in over:
            viewing.player.stop()
        for viewing in resting:
            viewing.player.rest()

    def stop(self) -> None:
        """Ends all."""
        with self._lock:
            all_of_them = tuple(self._viewings.values())
            self._viewings.clear()
        for viewing in all_of_them:
            viewing.player.stop()

    def _make_room(self, by: str) -> None:
        """Room for another viewing: the viewer's own that was left for longest goes, if it was left; nobody else's ever does."""
        if len(self._viewings) < MOST_VIEWINGS:
            return
        now_s = self._archive.clock.monotonic_s()
        left = [viewing for viewing in self._viewings.values() if viewing.by == by and now_s - viewing.asked_at_s > REST_S]
        if not left:
            raise AnswerError(503, "Too many people look at recordings at once.", "Come again in a few minutes.")
        oldest = min(left, key=lambda viewing: viewing.asked_at_s)
        del self._viewings[oldest.id]
        oldest.player.stop()

    def _rest_others(self, viewing: Viewing) -> None:
        """Keeps the number of processes bounded: those that were asked nothing for longest are let go."""
        with self._lock:
            running = [one for one in self._viewings.values() if one is not viewing and one.player.pid is not None]
        running.sort(key=lambda one: one.asked_at_s)
        for one in running[: max(0, len(running) - MOST_PLAYERS + 1)]:
            one.player.rest()
