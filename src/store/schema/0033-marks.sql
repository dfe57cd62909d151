-- Every mark price once: of derivatives, with the funding rate. Key, partitions, logged_at and log_hash as in trades.
-- index_price and settle_price are 0 where the venue states none; settle_price is its estimate. funding_rate is a share of the
-- position's value for one period, paid at next_funding_at; it means nothing where next_funding_at is 0 (1970): none is stated.
-- batch_first_offset, batch_good and epoch as in quarantine: this table is inserted before trades (docs/decisions/kinds.md).
CREATE TABLE IF NOT EXISTS marks
(
    venue              LowCardinality(String),
    symbol             LowCardinality(String),
    mark_price         Float64              CODEC(ZSTD(3)),
    index_price        Float64              CODEC(ZSTD(3)),
    settle_price       Float64              CODEC(ZSTD(3)),
    funding_rate       Float64              CODEC(ZSTD(3)),
    timestamp          DateTime64(9, 'UTC') CODEC(GCD, ZSTD(1)),
    next_funding_at    DateTime64(9, 'UTC') CODEC(GCD, ZSTD(1)),
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
