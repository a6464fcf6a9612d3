"""Many alerts in one message for people: how many, of what, where, and the worst and newest of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from passerby.hazards.channels.delivery import Delivery
from passerby.hazards.channels.wording import EXERCISE
from passerby.hazards.kept_alert import URGENCY

MOST_LINES: Final = 20
MOST_COUNTED: Final = 10


def summary_of(deliveries: Sequence[Delivery]) -> tuple[str, str]:
    """Title and text of several deliveries at once; none is left out of the counts. Exercises are counted apart, or alone."""
    counted = [delivery for delivery in deliveries if not delivery.exercise] or list(deliveries)
    alerts = {delivery.alert for delivery in counted}
    worst = sorted(counted, key=lambda delivery: (-URGENCY[delivery.severity], delivery.wall_s))
    drill = EXERCISE if counted[0].exercise else ""
    title = f"{drill}{deliveries[0].site}: {_messages(len(counted))} of {_alerts(len(alerts))}, up to {worst[0].severity.value}"
    lines = [
        f"{_messages(len(counted))} of {_alerts(len(alerts))} came in a short time. All of them stand in the list of alerts.",
        *([f"and {_messages(len(deliveries) - len(counted))} of an exercise"] if len(counted) < len(deliveries) else []),
        "",
        f"by severity: {_counts(Counter(delivery.severity.value for delivery in counted))}",
        f"by kind: {_counts(Counter(delivery.kind.value for delivery in counted))}",
        f"by event: {_counts(Counter(delivery.what.value for delivery in counted))}",
        f"by camera: {_counts(Counter(delivery.camera_name or 'none' for delivery in counted))}",
        "",
        *(delivery.title for delivery in worst[:MOST_LINES]),
    ]
    if len(worst) > MOST_LINES:
        lines.append(f"and {len(worst) - MOST_LINES} more")
    lines += ["", f"{deliveries[0].id} to {deliveries[-1].id}"]
    return title, "\n".join(lines)


def _messages(count: int) -> str:
    return f"{count} message{'' if count == 1 else 's'}"


def _alerts(count: int) -> str:
    return f"{count} alert{'' if count == 1 else 's'}"


def _counts(counter: Counter[str]) -> str:
    told = ", ".join(f"{name} {count}" for name, count in counter.most_common(MOST_COUNTED))
    rest = sum(counter.values()) - sum(count for _, count in counter.most_common(MOST_COUNTED))
    return f"{told}, others {rest}" if rest else told
