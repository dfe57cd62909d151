-- Tops of an order book rebuilt from depth updates, each to be compared with the last quote of its symbol whose sequence
-- is not above its own: docs/quotes.md. Columns as in quotes; lowest_bid and highest_ask: of the snapshot that the book
-- was built from.
CREATE TABLE IF NOT EXISTS book_tops
(
    venue              LowCardinality(String),
    symbol             LowCardinality(String),
    timestamp          DateTime64(9, 'UTC') CODEC(GCD, Delta(8), ZSTD(1)),
    received_at        DateTime64(9, 'UTC') CODEC(GCD, Delta(8), T64, ZSTD(1)),
    bid_price          Float64              CODEC(ZSTD(3)),
    bid_size           Float64              CODEC(ZSTD(3)),
    ask_price          Float64              CODEC(ZSTD(3)),
    ask_size           Float64              CODEC(ZSTD(3)),
    sequence           UInt64               CODEC(Delta, T64, ZSTD(1)),
    flags              UInt8                CODEC(ZSTD(1)),
    origin             Enum8('live' = 0, 'repair' = 1, 'replay' = 2),
    lowest_bid         Float64              CODEC(ZSTD(1)),
    highest_ask        Float64              CODEC(ZSTD(1)),
    log_partition      UInt16,
    log_offset         UInt64               CODEC(Delta, ZSTD(1)),
    log_index          UInt32               CODEC(Delta, ZSTD(1)),
    log_hash           UInt64               DEFAULT 0 CODEC(ZSTD(1)),
    logged_at          DateTime('UTC')      CODEC(Delta, ZSTD(1)),
    log_day            Date,
    batch_first_offset UInt64               CODEC(Delta, ZSTD(1)),
    batch_good         UInt32               CODEC(ZSTD(1)),
    epoch              UInt64               CODEC(Delta, ZSTD(1)),
    stored_at          DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX log_place (log_partition, log_offset) TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY log_day
ORDER BY (symbol, venue, received_at, sequence)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0, merge_selector_base = 16
