-- What is known of the completeness of each hour (UTC) of each symbol and kind of ticks: docs/coverage.md. Counted from the tables
-- by the process that stores, again when an input changes; it stays when ticks leave the tables. The newest row of an hour counts:
-- read with FINAL. Conditions are in the order in which the worst hour names a day: the greatest counts.
-- ticks by the kind's time column. first_id and last_id in runs first_run and last_run; without ticks, last_id is the last one
-- before. adjoins: whether the ids continue those before. absent: ids between the first and the last that are not in the table.
-- gaps overlap the hour; missing are the ids that they still miss, gap_cause why most of them are, in words.
-- recorded_seconds is -1 if not known (table uptime).
CREATE TABLE IF NOT EXISTS coverage
(
    kind             LowCardinality(String),
    venue            LowCardinality(String),
    symbol           LowCardinality(String),
    hour             DateTime('UTC')    CODEC(DoubleDelta, ZSTD(1)),
    condition        Enum8('halted' = 1, 'proved' = 2, 'repaired' = 3, 'unprovable' = 4, 'pending' = 5, 'degraded' = 6, 'missing' = 7),
    cause            LowCardinality(String),
    ids              LowCardinality(String),
    ticks            UInt64             CODEC(T64, ZSTD(1)),
    supplied         UInt64             CODEC(T64, ZSTD(1)),
    first_run        UInt16             CODEC(ZSTD(1)),
    first_id         UInt64             CODEC(Delta, ZSTD(1)),
    last_run         UInt16             CODEC(ZSTD(1)),
    last_id          UInt64             CODEC(Delta, ZSTD(1)),
    adjoins          Enum8('unknown' = 0, 'yes' = 1, 'restarted' = 2),
    absent           UInt64             CODEC(ZSTD(1)),
    gaps_open        UInt32             CODEC(ZSTD(1)),
    gaps_unrepairable UInt32            CODEC(ZSTD(1)),
    gaps_accepted    UInt32             CODEC(ZSTD(1)),
    gaps_repaired    UInt32             CODEC(ZSTD(1)),
    missing          UInt64             CODEC(ZSTD(1)),
    recorded_seconds Int32              CODEC(ZSTD(1)),
    resting          Bool               CODEC(ZSTD(1)),
    connections_lost UInt32             CODEC(ZSTD(1)),
    compared         UInt64             CODEC(ZSTD(1)),
    equal            UInt64             CODEC(ZSTD(1)),
    computed_at      DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    gap_cause        LowCardinality(String) DEFAULT ''
)
ENGINE = ReplacingMergeTree(computed_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (kind, venue, symbol, hour)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
