"""What a rule reads off a place in one second: is it as bad as the limit, and in which words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One second of one rule at one place.

    Attributes:
        known: Whether it could be read at all. What is not known opens nothing and ends nothing.
        over: Whether it is at the limit or beyond.
        clear: Whether it is back below the limit by enough to be over (hysteresis). Never together with `over`.
        words: In words, without its duration: "2.9 persons/m2 +-0.3 in 'stairs', limit 2.5".
        value, error, limit: The same as numbers; None = it is not a number.
    """

    known: bool
    over: bool = False
    clear: bool = False
    words: str = ""
    value: float | None = None
    error: float | None = None
    limit: float | None = None


UNKNOWN = Reading(known=False)
