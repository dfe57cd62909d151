-- What strategies computed of the market at each of their samples: tickhouse lab features. price: what marks the instrument then.
-- whole: the tape was whole. schema: SHA-256 of the names and meanings, in the order of the values. NaN is not known.
CREATE TABLE IF NOT EXISTS lab_features
(
    run      String,
    strategy LowCardinality(String),
    at       DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    venue    LowCardinality(String),
    symbol   LowCardinality(String),
    schema   LowCardinality(String),
    price    Float64 CODEC(ZSTD(1)),
    whole    Bool,
    values   Array(Float64) CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (run, strategy, venue, symbol, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
