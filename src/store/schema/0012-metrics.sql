-- Figures of the house, one row for each figure and sample. What each name means: src/telemetry/metrics.ts, docs/metrics.md.
-- instance tells one run of a process from another.
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
