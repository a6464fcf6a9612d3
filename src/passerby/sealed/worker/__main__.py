"""`python -I -m passerby.sealed.worker`: started by the supervisor only; commands on standard input, messages on standard output."""

from passerby.sealed.worker.entry import Work, main
from passerby.sealed.worker.surroundings import Surroundings
from passerby.site.orders import Configure


def prepare(order: Configure, surroundings: Surroundings) -> Work:
    """The worker with real cameras."""
    # Heavy: loaded when the process has closed itself in.
    from passerby.sealed.capture.live import LiveCamera  # noqa: PLC0415
    from passerby.sealed.worker.cameras_at_work import prepared  # noqa: PLC0415

    return prepared(order, surroundings, LiveCamera)


if __name__ == "__main__":
    main(prepare)
