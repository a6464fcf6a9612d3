"""Rows of a history as a town would give them, made by DuckDB itself: a hundred million are made in minutes, and the same ones each time.

A zone has a size of its own, a curve over the day (offices, a shopping street, an evening place), quiet weekends or busy ones. Each minute is drawn
anew, so that rows are less alike than real ones, where a minute is like the one before: what compression gives here, it gives there. Values are
rounded as `measure.zone_meter` rounds them. A share of minutes was seen in part only, or not at all.
"""

from datetime import UTC, date, datetime
from typing import Final

ZONES_OF_A_CAMERA: Final = 4
QUEUES: Final = 10
"""One zone of so many is a queue."""
UNSEEN: Final = 0.01
SEEN_IN_PART: Final = 0.02


def day_rows(day: date, zones: int) -> str:
    """SQL of all rows of a day, with the columns and types of a day's file of zones."""
    begin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() // 60)
    weekend = "true" if day.weekday() >= 5 else "false"
    return f"""
WITH zone AS (
    SELECT z, exp(1.6 + 1.0 * {_normal("z", "0", 1)}) AS scale, 20 + 180 * {_uniform("z", "0", 3)} AS area, {_uniform("z", "0", 4)} AS kind,
        2 * pi() * {_uniform("z", "0", 5)} AS way, z % {QUEUES} = 0 AS queue FROM (SELECT unnest(range({zones})) AS z)
), expected AS (
    SELECT z, {begin} + m AS minute, area, way, queue, scale * (CASE WHEN kind < 0.4 THEN
            (0.03 + exp(-pow((m / 60 - 8.2) / 1.2, 2)) + exp(-pow((m / 60 - 17.3) / 1.6, 2))) * (CASE WHEN {weekend} THEN 0.3 ELSE 1.4 END)
        WHEN kind < 0.8 THEN (0.02 + exp(-pow((m / 60 - 14.5) / 3.4, 2))) * (CASE WHEN {weekend} THEN 1.3 ELSE 1 END)
        ELSE 0.05 + exp(-pow((m / 60 - 20.5) / 2.2, 2)) END) AS mean
    FROM zone, (SELECT unnest(range(1440)) AS m)
), seen AS (
    SELECT z, minute, area, way, queue, CASE WHEN {_uniform("z", "minute", 6)} < exp(-1.5 * mean) THEN 0
        ELSE round(greatest(0.017, mean + 0.6 * sqrt(mean) * {_normal("z", "minute", 7)}), 3) END AS people,
        CASE WHEN {_uniform("z", "minute", 9)} < {SEEN_IN_PART} THEN round(60 * {_uniform("z", "minute", 10)}, 2) ELSE 60 END AS covered_s
    FROM expected WHERE {_uniform("z", "minute", 11)} >= {UNSEEN}
), told AS (
    SELECT *, people > 0 AS somebody, greatest(0.2, 1.34 - 0.25 * people / area + 0.12 * {_normal("z", "minute", 12)}) AS speed,
        ceil(people + 1.2 * sqrt(people) * {_uniform("z", "minute", 14)}) AS most, people * (1.5 + {_uniform("z", "minute", 15)}) AS visits
    FROM seen
)
SELECT 'camera-' || z // {ZONES_OF_A_CAMERA} AS camera, 'zone-' || z AS zone, CAST(minute AS INTEGER) AS minute, CAST(0 AS UTINYINT) AS part,
    CAST(covered_s AS FLOAT) AS covered_s, CAST(people AS FLOAT) AS people_mean,
    CAST(greatest(0, floor(people - sqrt(people) * {_uniform("z", "minute", 16)})) AS USMALLINT) AS people_least,
    CAST(most AS USMALLINT) AS people_most, CAST(round(people / area, 4) AS FLOAT) AS per_m2,
    CAST(round(sqrt(pow(0.5 + 0.08 * people, 2) + pow(0.05 * people, 2)) / area, 4) AS FLOAT) AS per_m2_error,
    CAST(round(most / area, 4) AS FLOAT) AS per_m2_most,
    CAST(CASE WHEN somebody THEN round(speed * cos(way) + 0.15 * {_normal("z", "minute", 17)}, 3) END AS FLOAT) AS east_m_s,
    CAST(CASE WHEN somebody THEN round(speed * sin(way) + 0.15 * {_normal("z", "minute", 19)}, 3) END AS FLOAT) AS north_m_s,
    CAST(CASE WHEN queue THEN round(people * 0.8, 3) END AS FLOAT) AS queue_mean,
    CAST(CASE WHEN queue THEN most END AS USMALLINT) AS queue_most,
    CAST(CASE WHEN queue AND somebody THEN round(people * 60 * {_uniform("z", "minute", 21)}, 1) END AS FLOAT) AS wait_s,
    CAST(CASE WHEN somebody THEN round(speed * (0.6 + 0.2 * {_uniform("z", "minute", 22)}), 3) END AS FLOAT) AS speed_p10_m_s,
    CAST(CASE WHEN somebody THEN round(speed, 3) END AS FLOAT) AS speed_median_m_s,
    CAST(CASE WHEN somebody THEN round(speed * (1.2 + 0.2 * {_uniform("z", "minute", 23)}), 3) END AS FLOAT) AS speed_p90_m_s,
    {", ".join(_dwell(number, share) for number, share in enumerate((0.25, 0.4, 0.2, 0.1, 0.03, 0.01, 0.01)))}
FROM told
"""  # noqa: S608 - of numbers that stand here


def _dwell(number: int, share: float) -> str:
    return f"CAST(floor(visits * {share} + {_uniform('z', 'minute', 30 + number)}) AS USMALLINT) AS dwell_{number}"


def _uniform(a: str, b: str, draw: int) -> str:
    """SQL of a number from 0 to 1 that a and b decide. One number is hashed: hashes of several would differ by draw in the same bits always."""
    return f"(hash(({a} * 67108864 + {b}) * 64 + {draw}) / 18446744073709551616.0)"


def _normal(a: str, b: str, draw: int) -> str:
    """SQL of a number with mean 0 and variance 1; takes two draws."""
    return f"(sqrt(-2 * ln(greatest(1e-12, {_uniform(a, b, draw)}))) * cos(2 * pi() * {_uniform(a, b, draw + 1)}))"
