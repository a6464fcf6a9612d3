"""The supervisor's end of a player: started with the first question of a viewing, ended with it."""

import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from passerby.serve.player_orders import AskGround, AskScenes, Failed, Open, PlayerAnswer
from passerby.supervise.asked_process import AskedProcess

PLAYER: Final = (sys.executable, "-I", "-m", "passerby.serve.player")
LONGEST_S: Final = 20.0
"""An answer that takes longer comes from a player that hangs: it is ended."""
NO_ANSWER: Final = Failed("The recordings could not be read just now.")


class PlayerProcess(AskedProcess):
    """Asks a player. Safe to use from several threads; one question is answered at a time.

    Args:
        order: What it plays.
        command: How it is started.
        longest_s: How long an answer may take.
    """

    def __init__(self, order: Open, command: Sequence[str] = PLAYER, longest_s: float = LONGEST_S) -> None:
        super().__init__(command, longest_s, msgspec.msgpack.encode(order))

    def ask(self, question: AskScenes | AskGround) -> PlayerAnswer:
        """The answer; `NO_ANSWER` where the process gives none, or nonsense."""
        data = self.exchange(msgspec.msgpack.encode(question))
        if data is None:
            return NO_ANSWER
        try:
            told: PlayerAnswer = msgspec.msgpack.decode(data, type=PlayerAnswer)
        except msgspec.MsgspecError:
            self.release()
            return NO_ANSWER
        return told

    def rest(self) -> None:
        """Lets go of the process; the next question starts another. Does nothing while a question is being answered."""
        self.release()
