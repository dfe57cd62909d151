-- Every time a limit of a strategy was reached, and what followed. value and bound in the portfolio's currency; of a drawdown, shares. Of
-- drift <feature>, population stability indices of a model's rows: action is 'reported', nothing is switched off.
CREATE TABLE IF NOT EXISTS lab_limits
(
    run         String,
    strategy    LowCardinality(String),
    at          DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    limit_name  LowCardinality(String),
    value       Float64,
    bound       Float64,
    action      LowCardinality(String)
)
ENGINE = MergeTree
ORDER BY (run, strategy, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
