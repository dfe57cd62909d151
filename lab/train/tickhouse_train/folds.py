"""Walk-forward folds without overlap: a label must be known before the test begins."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Fold:
    train: np.ndarray  # indices of rows
    test: np.ndarray
    purged: int  # rows left out between them


def walk_forward(at: np.ndarray, count: int, horizon: int, embargo: int) -> list[Fold]:
    """
    The time is cut into count + 1 parts of equally many samples; fold n is tested on part n + 1 and trained on all
    before it, less the rows whose label ends within `embargo` of the test or in it. All times µs. Raises ValueError if nothing is left.
    """
    times = np.unique(at)
    bounds = times[np.linspace(0, len(times) - 1, count + 2).astype(int)]
    folds = []
    for part in range(1, count + 1):
        begin, end = bounds[part], bounds[part + 1]
        is_last = part == count
        test = np.flatnonzero((at >= begin) & ((at <= end) if is_last else (at < end)))
        before = np.flatnonzero(at < begin)
        train = before[at[before] + horizon + embargo < begin]
        if len(train) == 0 or len(test) == 0:
            raise ValueError("too few rows for so many folds of this horizon: record longer, or use fewer folds")
        folds.append(Fold(train, test, len(before) - len(train)))
    return folds
