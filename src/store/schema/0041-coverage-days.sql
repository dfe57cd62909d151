-- The conditions of table coverage by day, for years of many symbols. hours has a digit for each hour (UTC): the
-- number of its condition, 0 where it has no row. Derived: inserted after the rows of its hours. Read with FINAL.
CREATE TABLE IF NOT EXISTS coverage_days
(
    kind        LowCardinality(String),
    venue       LowCardinality(String),
    symbol      LowCardinality(String),
    day         Date                   CODEC(DoubleDelta, ZSTD(1)),
    hours       String                 CODEC(ZSTD(1)),
    computed_at DateTime64(6, 'UTC')   CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(computed_at)
ORDER BY (kind, venue, symbol, day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
