"""Labels: what came after each row, and a test of how far after."""

import importlib.util
from collections.abc import Callable

import numpy as np

# (at in µs, price, horizon in µs) of one instrument in the order of time -> a number for each row, NaN where not known.
Target = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def future_return(at: np.ndarray, price: np.ndarray, horizon: int) -> np.ndarray:
    """log(price at at + horizon / price); NaN where no row is exactly there."""
    later = np.minimum(np.searchsorted(at, at + horizon), len(at) - 1)
    found = at[later] == at + horizon
    return np.where(found, np.log(price[later] / price), np.nan)


def load_target(name: str) -> Target:
    """`file.py:function`. Raises ValueError if there is none."""
    file, _, function = name.rpartition(":")
    spec = importlib.util.spec_from_file_location("target", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"not file.py:function: {name}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, function):
        raise ValueError(f"{file} has no function {function}")
    return getattr(module, function)


def by_instrument(target: Target, at: np.ndarray, instrument: np.ndarray, price: np.ndarray, horizon: int) -> np.ndarray:
    values = np.full(len(at), np.nan)
    for name in np.unique(instrument):
        rows = instrument == name
        values[rows] = target(at[rows], price[rows], horizon)
    return values


def reach(target: Target, at: np.ndarray, price: np.ndarray, horizon: int, seed: int, cuts: int = 8) -> int:
    """
    How far after a row prices still change its label, µs: prices from a random row on are changed, and the
    earliest label that changes with them is looked for. A label of its horizon reaches exactly so far. One that is smoothed over later
    rows, or by a quantile of the whole sample, reaches further.
    """
    random = np.random.default_rng(seed)
    label = target(at, price, horizon)
    furthest = 0
    for cut in random.integers(len(at) // 4, len(at), cuts):
        changed = price.copy()
        changed[cut:] *= np.exp(random.normal(0.01, 0.01, len(at) - cut))
        other = target(at, changed, horizon)
        differs = np.flatnonzero(~((label == other) | (np.isnan(label) & np.isnan(other))))
        if len(differs) > 0 and differs[0] < cut:
            furthest = max(furthest, int(at[cut] - at[differs[0]]))
    return furthest
