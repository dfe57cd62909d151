"""Rows of a Parquet file that `tickhouse lab features` wrote."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

BESIDE = ("at", "instrument", "price", "whole", "run", "schema", "dataset", "every_seconds", "window")


@dataclass
class Rows:
    """Columns in the order of time, then of the instrument."""

    at: np.ndarray  # µs since 1970 UTC, int64 (rows)
    instrument: np.ndarray  # text (rows)
    price: np.ndarray  # float64 (rows)
    whole: np.ndarray  # bool (rows)
    values: np.ndarray  # float64 (rows, features); NaN is not known
    names: list[str]
    facts: dict  # schema, run, dataset, every_seconds, window, sha256 of the file


def read_rows(file: str) -> Rows:
    """Raises ValueError where the file has no rows, or rows of several runs or schemas."""
    table = pq.read_table(file)
    if table.num_rows == 0:
        raise ValueError(f"{file} has no rows")
    facts: dict = {}
    for name in ("run", "schema", "dataset", "every_seconds", "window"):
        values = table[name].unique().to_pylist()
        if len(values) != 1:
            raise ValueError(f"{file} has rows of {len(values)} values of {name}: write it again")
        facts[name] = values[0].decode() if isinstance(values[0], bytes) else values[0]
    facts["sha256"] = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    names = [name for name in table.column_names if name not in BESIDE]
    instrument = [value.decode() if isinstance(value, bytes) else value for value in table["instrument"].to_pylist()]
    return Rows(
        at=table["at"].to_numpy().astype(np.int64),
        instrument=np.array(instrument),
        price=table["price"].to_numpy().astype(np.float64),
        whole=np.array(table["whole"].to_pylist(), dtype=bool),
        values=np.column_stack([table[name].to_numpy().astype(np.float64) for name in names]),
        names=names,
        facts=facts,
    )
