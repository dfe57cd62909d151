"""A day's zip file of trades into a table of DuckDB, the usual way. Prints one JSON line: rows, seconds and CPU seconds."""
import json
import sys
import tempfile
import time
import zipfile

import duckdb

COLUMNS = {"id": "BIGINT", "price": "DOUBLE", "qty": "DOUBLE", "quote": "DOUBLE", "time": "BIGINT", "maker": "BOOLEAN", "best": "BOOLEAN"}

source = sys.argv[1]
started, cpu = time.perf_counter(), time.process_time()
with tempfile.TemporaryDirectory() as directory:
    with zipfile.ZipFile(source) as archive:
        name = archive.extract(archive.namelist()[0], directory)
    connection = duckdb.connect(f"{directory}/trades.db")
    connection.execute("CREATE TABLE trades AS SELECT * FROM read_csv(?, header = false, columns = ?)", [name, COLUMNS])
    rows = connection.execute("SELECT count(*) FROM trades").fetchone()[0]
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - started, "cpuSeconds": time.process_time() - cpu}))
