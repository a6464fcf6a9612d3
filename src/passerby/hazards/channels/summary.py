"""Many alerts in one message for people: how many, of what, where, and the worst and newest of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from passerby.hazards.alert import Severity
from passerby.hazards.channels.delivery import Delivery

MOST_LINES: Final = 20
MOST_COUNTED: Final = 10
_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


def summary_of(deliveries: Sequence[Delivery]) -> tuple[str, str]:
    """Title and text of several deliveries at once; none of them is left out of the counts."""
    alerts = {delivery.alert for delivery in deliveries}
    worst = sorted(deliveries, key=lambda delivery: (-_RANK[delivery.severity], delivery.wall_s))
    drill = "EXERCISE: " if all(delivery.exercise for delivery in deliveries) else ""
    title = f"{drill}{deliveries[0].site}: {len(deliveries)} messages of {len(alerts)} alerts, up to {worst[0].severity.value}"
    lines = [
        f"{len(deliveries)} messages of {len(alerts)} alerts came in a short time. All of them stand in the list of alerts.",
        "",
        f"by severity: {_counts(Counter(delivery.severity.value for delivery in deliveries))}",
        f"by kind: {_counts(Counter(delivery.kind.value for delivery in deliveries))}",
        f"by event: {_counts(Counter(delivery.what.value for delivery in deliveries))}",
        f"by camera: {_counts(Counter(delivery.camera_name or 'none' for delivery in deliveries))}",
        "",
        *(delivery.title for delivery in worst[:MOST_LINES]),
    ]
    if len(worst) > MOST_LINES:
        lines.append(f"and {len(worst) - MOST_LINES} more")
    lines += ["", f"{deliveries[0].id} to {deliveries[-1].id}"]
    return title, "\n".join(lines)


def _counts(counter: Counter[str]) -> str:
    told = ", ".join(f"{name} {count}" for name, count in counter.most_common(MOST_COUNTED))
    rest = sum(counter.values()) - sum(count for _, count in counter.most_common(MOST_COUNTED))
    return f"{told}, others {rest}" if rest else told
