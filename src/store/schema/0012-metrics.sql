-- Samples of metrics, one row each. What each name means: src/telemetry/metrics.ts, docs/metrics.md.
-- instance distinguishes the runs of a process.
CREATE TABLE IF NOT EXISTS metrics
(
    at       DateTime64(3, 'UTC')                       CODEC(Delta, ZSTD(1)),
    process  LowCardinality(String),
    instance LowCardinality(String),
    name     LowCardinality(String),
    labels   Map(LowCardinality(String), String)        CODEC(ZSTD(1)),
    value    Float64                                    CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(at)
ORDER BY (name, at)
