"""One-to-one matching with the most pairs and, among those, the least total distance.

Successive shortest augmenting paths (Bellman-Ford) on a bipartite graph: exact, and fast enough for the dozens of people of one frame.
"""

import numpy as np
from numpy.typing import NDArray


def match(distances: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs (row, column), sorted by row. A distance of infinity forbids a pair."""
    rows, columns = distances.shape
    row_of: list[int | None] = [None] * columns
    free = set(range(rows))
    while free:
        path = _shortest_path(distances, row_of, free)
        if path is None:
            break
        for row, column in path:
            row_of[column] = row
        free.discard(path[0][0])
    return sorted((row, column) for column, row in enumerate(row_of) if row is not None)


def _shortest_path(distances: NDArray[np.float64], row_of: list[int | None], free: set[int]) -> list[tuple[int, int]] | None:
    """The cheapest way to match one more row: new pairs from the free row on, each taking the column of the pair after it."""
    rows, columns = distances.shape
    cost_of_row = np.full(rows, np.inf)
    cost_of_row[list(free)] = 0.0
    came_by: dict[int, int] = {}
    cost_of_column, from_row = np.full(columns, np.inf), [-1] * columns
    changed = True
    while changed:
        changed = False
        for row, column in zip(*np.nonzero(np.isfinite(distances)), strict=True):
            if row_of[column] == row:
                continue
            cost = cost_of_row[row] + distances[row, column]
            # A hair's breadth keeps rounding from running in circles.
            if cost < cost_of_column[column] - 1e-9:
                cost_of_column[column], from_row[column], changed = cost, int(row), True
                holder = row_of[column]
                if holder is not None:
                    cost_of_row[holder], came_by[holder] = cost - distances[holder, column], int(column)
    ends = [column for column in range(columns) if row_of[column] is None and np.isfinite(cost_of_column[column])]
    if not ends:
        return None
    column = min(ends, key=lambda end: cost_of_column[end])
    path = []
    while True:
        row = from_row[column]
        path.append((row, column))
        if row in free:
            return path[::-1]
        column = came_by[row]
