"""A journal that keeps what it is told."""


class KeptJournal:
    """Takes events; a test reads them."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, object]]] = []

    def info(self, event: str, **facts: object) -> None:
        self.events.append(("info", event, facts))

    def warning(self, event: str, **facts: object) -> None:
        self.events.append(("warning", event, facts))

    def error(self, event: str, **facts: object) -> None:
        self.events.append(("error", event, facts))

    def of(self, event: str) -> list[dict[str, object]]:
        """The facts of all events of that name."""
        return [facts for _, name, facts in self.events if name == event]
