-- Each time that a run was played again and compared with what it wrote: docs/lab.md. The newest of a run counts.
-- until: only rows with a time before it were compared. equal, only_stored, only_replayed: rows of all tables.
-- difference: where they differ, by table; empty if everything is equal.
CREATE TABLE IF NOT EXISTS lab_verifications
(
    run           String,
    at            DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    until         DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    equal         UInt64,
    only_stored   UInt64,
    only_replayed UInt64,
    difference    String               CODEC(ZSTD(1)),
    program       LowCardinality(String)
)
ENGINE = MergeTree
ORDER BY (run, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
