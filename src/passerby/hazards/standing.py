"""What the rules must know of an alert that they have not finished with: after a restart, after a step of the clock, they go on with it."""

from dataclasses import dataclass

from passerby.hazards.alert import Cause, HazardKind, Severity


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that its rule has not finished with, whatever people did about it.

    Attributes:
        alert: Its id.
        cause: What it is of.
        kind: What its rule looked for: one that looks for something else now does not go on with it.
        severity: How urgent it was at last.
        over: Whether the hazard holds. If not, it has ended, and its cool-down has run since `changed_wall_s`.
        opened_wall_s: When it was opened, seconds since 1970 UTC.
        changed_wall_s: When the rule last said something of it. The clock may have been set back since.
    """

    alert: str
    cause: Cause
    kind: HazardKind
    severity: Severity
    over: bool
    opened_wall_s: float
    changed_wall_s: float
