"""The usual way to archive in Python. Prints one JSON line: rows, seconds, CPU seconds and bytes written."""
import hashlib
import json
import os
import sys
import time

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ORDER = ["symbol", "venue", "timestamp", "trade_id"]


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def checksum(frame):
    """Independent of the order of rows."""
    return int(pd.util.hash_pandas_object(frame, index=False).sum())


def archive_by_pyarrow(table, target):
    ordered = table.sort_by([(name, "ascending") for name in ORDER])
    pq.write_table(ordered, target, compression="zstd", compression_level=1, row_group_size=100_000)
    sha256(target)
    if not pq.read_table(target).cast(ordered.schema).equals(ordered):
        raise SystemExit("what was read back differs")


def archive_by_pandas(frame, target):
    frame.sort_values(ORDER).to_parquet(target, compression="zstd", index=False)
    sha256(target)
    if checksum(pd.read_parquet(target)) != checksum(frame):
        raise SystemExit("what was read back differs")


def restore_by_duckdb(target, database):
    import duckdb

    with duckdb.connect(database) as connection:
        connection.execute(f"CREATE TABLE trades AS SELECT * FROM read_parquet('{target}') ORDER BY symbol, venue, timestamp, trade_id")
        connection.execute("CHECKPOINT")


def main(work, source, target):
    with pa.memory_map(source) as file:
        table = pa.ipc.open_file(file).read_all()
    rows = table.num_rows
    frame = table.to_pandas()
    if work not in ("pyarrow", "pandas"):
        frame.sort_values(ORDER).to_parquet(target, compression="zstd", index=False)
        digest, expected = sha256(target), checksum(frame)
    wall, cpu = time.perf_counter(), time.process_time()
    if work == "pyarrow":
        archive_by_pyarrow(table, target)
    elif work == "pandas":
        archive_by_pandas(frame, target)
    elif work == "verify":
        if sha256(target) != digest or checksum(pd.read_parquet(target)) != expected:
            raise SystemExit("the file changed")
    else:
        restore_by_duckdb(target, f"{target}.duckdb")
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"rows": rows, "seconds": seconds, "cpuSeconds": cpu_seconds, "bytes": os.path.getsize(target)}))


main(*sys.argv[1:4])
