"""How often a person is told in a flood."""

from passerby.hazards.alert import HazardKind, Severity, What
from passerby.hazards.channels.delivery import Delivery
from passerby.hazards.channels.grouping import Grouping
from passerby.hazards.channels.summary import MOST_LINES, summary_of
from passerby.hazards.channels.waiting import Row


def row(number: int, severity: Severity = Severity.WARNING, *, exercise: bool = False) -> Row:
    delivery = Delivery(
        id=f"{number}",
        site="Central station",
        channel="duty",
        alert=f"{number:016x}",
        number=0,
        what=What.OPENED,
        wall_s=float(number),
        opened_s=float(number),
        by="passerby",
        rule="crowd",
        kind=HazardKind.DENSITY,
        severity=severity,
        camera=f"gate-{number % 30}",
        camera_name=f"Gate {number % 30}",
        place="stairs",
        words="crowded",
        title=f"title {number}",
        exercise=exercise,
    )
    return Row(number, 0.0, 0, "", delivery)


def run(a_second: float, seconds: int, most: int = 20, severity: Severity = Severity.WARNING) -> tuple[list[int], Grouping]:
    """How many deliveries each message holds, where so many come in a second."""
    grouping, waiting, messages, made = Grouping(most), list[Row](), list[int](), 0
    for tick in range(seconds * 10):
        now_s = tick / 10
        while made < now_s * a_second:
            waiting.append(row(made, severity))
            made += 1
        while picked := list(grouping.pick(waiting, now_s, urgent=severity is Severity.ALARM)[0]):
            messages.append(len(picked))
            grouping.sent(len(picked), now_s)
            waiting = waiting[len(picked) :]
    return messages, grouping


def test_few_messages_come_one_by_one() -> None:
    messages, _ = run(0.3, 600)
    assert set(messages) == {1}


def test_a_flood_is_twenty_and_then_one_summary_a_minute() -> None:
    messages, _ = run(83, 600)
    assert messages[:20] == [1] * 20
    assert 9 <= len(messages) - 20 <= 11
    assert sum(messages) >= 83 * 530


def test_alarms_in_a_flood_are_told_within_ten_seconds() -> None:
    messages, _ = run(83, 600, severity=Severity.ALARM)
    assert 55 <= len(messages) - 20 <= 61


def test_when_the_flood_is_over_messages_come_one_by_one_again() -> None:
    _, grouping = run(83, 100)
    assert grouping.pick([row(1)], 161.0, urgent=False)[0] == [row(1)]


def test_a_summary_counts_all_and_begins_with_the_worst() -> None:
    rows = [row(number, Severity.ALARM if number in (7, 400) else Severity.WARNING).delivery for number in range(500)]
    title, text = summary_of(rows)
    assert title == "Central station: 500 messages of 500 alerts, up to alarm"
    lines = text.splitlines()
    assert "by severity: warning 498, alarm 2" in lines
    assert sum(int(word.strip(",")) for line in lines if line.startswith("by camera") for word in line.split()[2:] if word.strip(",").isdigit()) > 500
    first = lines.index("title 7")
    assert lines[first + 1] == "title 400"
    assert sum(line.startswith("title ") for line in lines) == MOST_LINES
    assert f"and {500 - MOST_LINES} more" in lines


def test_an_exercise_in_a_summary_is_counted_apart() -> None:
    real, drill = row(1, Severity.NOTICE).delivery, row(2, Severity.ALARM, exercise=True).delivery
    title, text = summary_of([drill, real])
    assert title == "Central station: 1 message of 1 alert, up to notice"
    lines = text.splitlines()
    assert lines[1] == "and 1 message of an exercise"
    assert "by severity: notice 1" in lines
    assert "title 1" in lines
    assert "title 2" not in lines
    assert lines[-1] == "2 to 1"
    title, text = summary_of([drill])
    assert title == "EXERCISE: Central station: 1 message of 1 alert, up to alarm"
    assert "of an exercise" not in text
