"""What the running site says about itself, as events with facts. `serve.logs` writes them down; a test reads them."""

from typing import Protocol


class Journal(Protocol):
    """Takes events. It never blocks and never raises: a log that nobody reads may not hold up a camera. structlog's loggers fit."""

    def info(self, event: str, **facts: object) -> object:
        """Something that happened as it should."""
        ...

    def warning(self, event: str, **facts: object) -> object:
        """Something that somebody should look at."""
        ...

    def error(self, event: str, **facts: object) -> object:
        """Something that does not work."""
        ...
