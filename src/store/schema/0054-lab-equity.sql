-- The account of each strategy of a run at each mark. gross: positions without their signs. fees and traded: sums since the start.
-- holding: what 1 would be worth, spread equally over the strategy's instruments at the start and held; 0 if not known.
CREATE TABLE IF NOT EXISTS lab_equity
(
    run      String,
    strategy LowCardinality(String),
    at       DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    equity   Decimal(38, 8),
    cash     Decimal(38, 8),
    gross    Decimal(38, 8),
    fees     Decimal(38, 8),
    traded   Decimal(38, 8),
    holding  Float64 DEFAULT 0 CODEC(Gorilla, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (run, strategy, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
