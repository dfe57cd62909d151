-- Ranges of missing trade ids of a symbol. Each change inserts a new row; the newest row of a range counts: read with FINAL.
-- state: unrepairable where the venue does not supply what is missing, accepted where a person took note: table repairs.
-- after_at, before_at: the venue's times of the trades before and after the range; 1970 if not known.
-- id_run is that of the trades beside the range: trades of another run do not fill it.
CREATE TABLE IF NOT EXISTS gaps
(
    venue      LowCardinality(String),
    symbol     LowCardinality(String),
    first_id   UInt64,
    last_id    UInt64,
    missing    UInt64,
    state      Enum8('open' = 0, 'repaired' = 1, 'unrepairable' = 2, 'accepted' = 3),
    found_at   DateTime64(6, 'UTC'),
    changed_at DateTime64(6, 'UTC'),
    reason     String,
    id_run     UInt16,
    after_at   DateTime64(6, 'UTC') DEFAULT 0,
    before_at  DateTime64(6, 'UTC') DEFAULT 0
)
ENGINE = ReplacingMergeTree(changed_at)
ORDER BY (venue, symbol, first_id, last_id, id_run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
