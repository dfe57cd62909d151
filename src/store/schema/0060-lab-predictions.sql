-- What a model predicted in a run. model: SHA-256 of its file. score: before the sigmoid, of ONNX the probability; probability: that the price rises over its horizon.
-- stage: shadow, where no order follows, or paper. price: what marks the instrument then.
CREATE TABLE IF NOT EXISTS lab_predictions
(
    run         String,
    strategy    LowCardinality(String),
    at          DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    venue       LowCardinality(String),
    symbol      LowCardinality(String),
    model       LowCardinality(String),
    score       Float64 CODEC(ZSTD(1)),
    probability Float64 CODEC(ZSTD(1)),
    stage       LowCardinality(String) DEFAULT 'paper',
    price       Float64 DEFAULT nan CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (run, strategy, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
