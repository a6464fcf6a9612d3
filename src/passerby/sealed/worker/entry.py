"""How a worker process begins and ends.

    1. take the pipes, so that no library's print gets between the messages
    2. read the first command, Configure
    3. close in (`protections`), while there is one thread and nothing heavy is loaded
    4. say Hello
    5. load libraries and weights, open cameras, work
    6. end: on Stop, on the end of standard input, when nobody reads, or with an error that nobody outlived

Only light modules are imported here. A process that is not told to end says why it ends, and its exit code says it once more.
"""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from io import FileIO
from typing import BinaryIO, Final, NoReturn, Protocol, cast

from passerby.errors import SceneError, WeightsError
from passerby.released.framing import read_framed
from passerby.released.messages import Hello, Message, Protection, Reason, Trouble, encode_message
from passerby.sealed.worker.bell import Bell
from passerby.sealed.worker.outbox import Outbox
from passerby.sealed.worker.protections import close_in
from passerby.sealed.worker.surroundings import Surroundings
from passerby.sealed.worker.usage import Usage
from passerby.site.orders import Configure, Correct, RestorePlate, SendPlate, Stop, decode_command

EXIT_DONE: Final = 0
EXIT_CRASHED: Final = 70
EXIT_MEMORY: Final = 71
EXIT_WEIGHTS: Final = 72
EXIT_ORDER: Final = 73
LAST_WORDS_S: Final = 1.0
END_WITHIN_S: Final = 3.0
"""A gate thread that hangs keeps no process alive that was told to end."""


class Work(Protocol):
    """What runs between Hello and the end."""

    def run(self) -> None:
        """Works until the bell's end."""
        ...


Prepare = Callable[[Configure, Surroundings], Work]
"""Loads what the work needs. Raises WeightsError where there are no weights."""
CloseIn = Callable[[Configure], Sequence[Protection]]


def main(prepare: Prepare, *, protect: CloseIn = close_in) -> NoReturn:
    """Runs a worker process from its first command to its end. Tests hand in another preparation, with other cameras."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    commands, messages = take_pipes()
    usage = Usage()
    try:
        order = first_order(commands)
    except SceneError:
        os._exit(EXIT_ORDER)
    if order is None:
        os._exit(EXIT_DONE)
    protections = tuple(protect(order))
    bell = Bell()
    outbox = Outbox(messages, bell.end)
    outbox.put(("hello",), encode_message(Hello(os.getpid(), protections)))
    outbox.start()
    surroundings = Surroundings(outbox, bell, usage)
    threading.Thread(target=_obey, args=(commands, surroundings), name="passerby-commands", daemon=True).start()
    code = EXIT_DONE
    try:
        prepare(order, surroundings).run()
    except BaseException as error:  # noqa: BLE001 - the process ends of it, and says so
        code = _last_words(error, outbox)
    outbox.close(LAST_WORDS_S)
    # Not sys.exit: decoders that still run in their threads must not be torn down under them.
    os._exit(code)


def take_pipes() -> tuple[BinaryIO, int]:
    """Standard input and output for us alone: whatever a library prints or reads goes nowhere."""
    commands, messages = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.close(nothing)
    return cast("BinaryIO", FileIO(commands, "rb")), messages


def first_order(commands: BinaryIO) -> Configure | None:
    """The first command. None where there is none. Raises SceneError where it is another one."""
    data = read_framed(commands)
    if data is None:
        return None
    command = decode_command(data)
    if not isinstance(command, Configure):
        raise SceneError("the first command is not Configure")
    return command


def _obey(commands: BinaryIO, surroundings: Surroundings) -> None:
    """Follows commands to the end of the pipe, of what is said there, or of sense."""
    try:
        while (data := read_framed(commands)) is not None:
            command = decode_command(data)
            if isinstance(command, SendPlate):
                surroundings.plates_wanted.add(command.camera)
                surroundings.bell.ring()
            elif isinstance(command, RestorePlate):
                surroundings.kept_plates[command.camera] = command.scene
            elif isinstance(command, Correct):
                surroundings.corrections[command.camera, command.zone] = command.model
                surroundings.bell.ring()
            elif isinstance(command, Stop):
                break
    except (SceneError, OSError):
        pass
    finally:
        surroundings.bell.end()
    threading.Event().wait(END_WITHIN_S)
    os._exit(EXIT_DONE)


def _last_words(error: BaseException, outbox: Outbox) -> int:
    """The exit code for an error; it is told, too, without its text."""
    if isinstance(error, MemoryError):
        reason, code = Reason.OUT_OF_MEMORY, EXIT_MEMORY
    elif isinstance(error, WeightsError):
        reason, code = Reason.WEIGHTS, EXIT_WEIGHTS
    else:
        reason, code = Reason.CRASHED, EXIT_CRASHED
    last: Message = Trouble(None, reason, type(error).__name__[:64], "worker")
    outbox.put(("last",), encode_message(last))
    return code
