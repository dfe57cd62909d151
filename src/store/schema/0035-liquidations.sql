-- Every liquidation that a venue stated, once: an order by which it closes the position of somebody who lacks margin. Venues
-- do not state all of them, and no number shows a missing one: docs/derivatives.md. Key, partitions, logged_at and log_hash as
-- in trades.
-- side is the order's: a sell closes a long position. order_type, time_in_force, status: the venue's words, empty where it
-- states none. average_price and filled_size are 0 where it states none.
-- batch_first_offset, batch_good and epoch as in quarantine: this table is inserted before trades (docs/decisions/kinds.md).
CREATE TABLE IF NOT EXISTS liquidations
(
    venue              LowCardinality(String),
    symbol             LowCardinality(String),
    side               LowCardinality(String),
    order_type         LowCardinality(String),
    time_in_force      LowCardinality(String),
    status             LowCardinality(String),
    price              Float64              CODEC(ZSTD(3)),
    size               Float64              CODEC(ZSTD(3)),
    average_price      Float64              CODEC(ZSTD(3)),
    filled_size        Float64              CODEC(ZSTD(3)),
    timestamp          DateTime64(9, 'UTC') CODEC(GCD, ZSTD(1)),
    received_at        DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition      UInt16,
    log_offset         UInt64               CODEC(Delta, ZSTD(1)),
    log_index          UInt32               CODEC(Delta, ZSTD(1)),
    log_hash           UInt64               DEFAULT 0 CODEC(ZSTD(1)),
    logged_at          DateTime('UTC')      CODEC(Delta, ZSTD(1)),
    log_day            Date,
    batch_first_offset UInt64               CODEC(Delta, ZSTD(1)),
    batch_good         UInt32               CODEC(ZSTD(1)),
    epoch              UInt64               CODEC(ZSTD(1)),
    stored_at          DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX log_place (log_partition, log_offset) TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY log_day
ORDER BY (symbol, venue, timestamp)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0, merge_selector_base = 16
