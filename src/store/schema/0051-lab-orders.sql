-- Every order of a run in its final state: filled, cancelled, or refused by a limit before it was sent. limit_price is 0 for a market order.
CREATE TABLE IF NOT EXISTS lab_orders
(
    run        String,
    strategy   LowCardinality(String),
    id         UInt64,
    venue      LowCardinality(String),
    symbol     LowCardinality(String),
    side       Enum8('buy' = 1, 'sell' = 2),
    quantity   Decimal(38, 12),
    filled     Decimal(38, 12),
    limit_price Decimal(38, 12),
    immediate  Bool,
    flattening Bool,
    state      LowCardinality(String),
    reason     String,
    sent_at    DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    arrives_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    ended_at   DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (run, strategy, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
