"""How training rows are distributed, for the check of drift where the model is played."""

import numpy as np

PARTS = 10


def distribution(values: np.ndarray) -> dict:
    """
    Deciles (fewer where some are equal) as upper edges of bins, the share of all values in each bin, the last one above all edges, and the
    share that is not known (NaN, infinite).
    """
    known = values[np.isfinite(values)]
    edges = np.unique(np.quantile(known, np.arange(1, PARTS) / PARTS)) if len(known) > 0 else np.empty(0)
    counts = np.bincount(np.searchsorted(edges, known), minlength=len(edges) + 1)
    return {
        "edges": edges.tolist(),
        "shares": (counts / len(values)).tolist(),
        "unknown": 1 - len(known) / len(values),
    }
