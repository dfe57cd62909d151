-- Every amendment of a trade once: the venue corrects it, or takes it back. The trade's own row is never changed; view
-- trades_final applies amendments. docs/decisions/amendments.md. Key, partitions, logged_at and log_hash as in trades.
-- action: correction, cancel, error. trade_id, price, volume, conditions: of the trade before; new_…: of the corrected
-- one, 0 and empty otherwise. conditions: the venue's codes, separated by commas.
-- batch_first_offset, batch_good and epoch as in quarantine: this table is inserted before trades (docs/decisions/kinds.md).
CREATE TABLE IF NOT EXISTS amendments
(
    venue              LowCardinality(String),
    symbol             LowCardinality(String),
    action             LowCardinality(String),
    exchange           LowCardinality(String),
    conditions         LowCardinality(String),
    new_conditions     LowCardinality(String),
    price              Float64              CODEC(ZSTD(3)),
    volume             Float64              CODEC(ZSTD(3)),
    new_price          Float64              CODEC(ZSTD(3)),
    new_volume         Float64              CODEC(ZSTD(3)),
    trade_id           UInt64               CODEC(Delta, ZSTD(1)),
    new_trade_id       UInt64               CODEC(Delta, ZSTD(1)),
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
ORDER BY (symbol, venue, timestamp, trade_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0, merge_selector_base = 16
