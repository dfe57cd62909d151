-- The conditions of table coverage by day, for years of many symbols. hours has a digit for each hour (UTC): the
-- number of its condition, 0 where it has no row. ticks are those of the day; cause and the numbers after it are those of its
-- worst hour: by condition, then by missing and absent ids, then the first. cause is '' in rows of before these columns.
-- Derived: inserted after the rows of its hours. Read with FINAL.
CREATE TABLE IF NOT EXISTS coverage_days
(
    kind        LowCardinality(String),
    venue       LowCardinality(String),
    symbol      LowCardinality(String),
    day         Date                   CODEC(DoubleDelta, ZSTD(1)),
    hours       String                 CODEC(ZSTD(1)),
    computed_at DateTime64(6, 'UTC')   CODEC(Delta, ZSTD(1)),
    cause       LowCardinality(String) DEFAULT '',
    ticks       UInt64                 DEFAULT 0 CODEC(T64, ZSTD(1)),
    supplied    UInt64                 DEFAULT 0 CODEC(T64, ZSTD(1)),
    gaps_open   UInt32                 DEFAULT 0 CODEC(ZSTD(1)),
    gaps_unrepairable UInt32           DEFAULT 0 CODEC(ZSTD(1)),
    gaps_accepted UInt32               DEFAULT 0 CODEC(ZSTD(1)),
    gaps_repaired UInt32               DEFAULT 0 CODEC(ZSTD(1)),
    missing     UInt64                 DEFAULT 0 CODEC(ZSTD(1)),
    absent      UInt64                 DEFAULT 0 CODEC(ZSTD(1)),
    gap_cause   LowCardinality(String) DEFAULT '',
    recorded_seconds Int32             DEFAULT -1 CODEC(ZSTD(1)),
    connections_lost UInt32            DEFAULT 0 CODEC(ZSTD(1)),
    compared    UInt64                 DEFAULT 0 CODEC(ZSTD(1)),
    equal       UInt64                 DEFAULT 0 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(computed_at)
ORDER BY (kind, venue, symbol, day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
