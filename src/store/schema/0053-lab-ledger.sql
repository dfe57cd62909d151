-- The ledger of a run: the lines of each entry sum to 0. fill_id is 0 where no fill caused the entry. Positions and profit follow from it: view lab_positions.
CREATE TABLE IF NOT EXISTS lab_ledger
(
    run      String,
    strategy LowCardinality(String),
    entry    UInt64,
    at       DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    account  Enum8('cash' = 1, 'capital' = 2, 'position' = 3, 'fees' = 4, 'funding' = 5),
    venue    LowCardinality(String),
    symbol   LowCardinality(String),
    amount   Decimal(38, 8),
    quantity Decimal(38, 12),
    fill_id  UInt64
)
ENGINE = MergeTree
ORDER BY (run, strategy, entry)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
