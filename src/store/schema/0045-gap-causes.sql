-- Why ids of table gaps are missing: docs/repair.md. Derived from the other tables by the process that stores, a row for each version of
-- a gap that it has looked at. A table of its own, so that it never competes with a newer state of the gap; the newest row counts.
-- cause: refused, connection, recorder, halt, venue; empty if not known. detail: the event and when, or how many.
-- refused: ids of the range that reached the log and are in quarantine. gap_changed_at: of the row of table gaps that was looked at.
CREATE TABLE IF NOT EXISTS gap_causes
(
    venue          LowCardinality(String),
    symbol         LowCardinality(String),
    first_id       UInt64,
    last_id        UInt64,
    id_run         UInt16,
    cause          LowCardinality(String),
    detail         String,
    refused        UInt64,
    gap_changed_at DateTime64(6, 'UTC'),
    evaluated_at   DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(evaluated_at)
ORDER BY (venue, symbol, first_id, last_id, id_run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
