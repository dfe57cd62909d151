-- Every paper fill of a run. large: its order was larger than the portfolio's share of what the market traded in the minute before.
CREATE TABLE IF NOT EXISTS lab_fills
(
    run      String,
    strategy LowCardinality(String),
    id       UInt64,
    order_id UInt64,
    at       DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    venue    LowCardinality(String),
    symbol   LowCardinality(String),
    side     Enum8('buy' = 1, 'sell' = 2),
    price    Decimal(38, 12),
    quantity Decimal(38, 12),
    notional Decimal(38, 8),
    fee      Decimal(38, 8),
    maker    Bool,
    large    Bool
)
ENGINE = MergeTree
ORDER BY (run, strategy, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
