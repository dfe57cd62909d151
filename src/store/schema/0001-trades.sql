-- Every trade once. (log_partition, log_offset, log_index) is its key: its position in the log.
-- Partitioned by log_day, the day it was logged, not the day it happened: a batch is one part, and a past day never changes.
-- logged_at is the log's time of the record; archive segments are cut by it. It falls where the clock was set back:
-- docs/decisions/clock.md.
-- log_hash is the hash of the last record of a batch; 0 in all other rows and where unknown: docs/decisions/positions.md.
-- merge_selector_base: inserts are small and frequent, and merges are their largest cost. The default of 5 rewrites a row
-- three to four times as often and leaves half as many parts: docs/benchmarks.md.
-- Codecs: ZSTD(1) and (2) leave the constant difference of ids at 0.4 bytes and read it six times as slowly as ZSTD(3);
-- receive times are whole microseconds: docs/decisions/dashboards.md.
-- first_id and last_id are the ids of the first and the last trade that an aggregate joins; 0 for a trade by itself.
-- conditions are the venue's codes, separated by commas; empty where it states none.
-- id_run numbers the runs of a symbol's trade ids from 0: a run ends where a venue's ids restart or jump.
CREATE TABLE IF NOT EXISTS trades
(
    venue         LowCardinality(String),
    symbol        LowCardinality(String),
    timestamp     DateTime64(9, 'UTC') CODEC(GCD, ZSTD(1)),
    received_at   DateTime64(9, 'UTC') CODEC(GCD, Delta(8), ZSTD(1)),
    price         Float64              CODEC(ZSTD(3)),
    volume        Float64              CODEC(ZSTD(3)),
    side          Enum8('unknown' = 0, 'buy' = 1, 'sell' = 2),
    trade_id      UInt64               CODEC(Delta, ZSTD(3)),
    origin        Enum8('live' = 0, 'repair' = 1, 'replay' = 2),
    log_partition UInt16,
    log_offset    UInt64               CODEC(Delta, ZSTD(1)),
    log_index     UInt32               CODEC(Delta, ZSTD(1)),
    log_hash      UInt64               DEFAULT 0 CODEC(ZSTD(1)),
    logged_at     DateTime('UTC')      CODEC(Delta, ZSTD(1)),
    log_day       Date,
    stored_at     DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    id_run        UInt16               DEFAULT 0,
    first_id      UInt64               DEFAULT 0 CODEC(Delta, ZSTD(1)),
    last_id       UInt64               DEFAULT 0 CODEC(Delta, ZSTD(1)),
    conditions    LowCardinality(String) DEFAULT '',
    INDEX log_place (log_partition, log_offset) TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY log_day
ORDER BY (symbol, venue, timestamp, trade_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0, merge_selector_base = 16
