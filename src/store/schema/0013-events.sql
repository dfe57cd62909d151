-- Events of all processes. What each name means: src/telemetry/events.ts. id rises by one within an instance.
CREATE TABLE IF NOT EXISTS events
(
    at       DateTime64(3, 'UTC')                       CODEC(Delta, ZSTD(1)),
    process  LowCardinality(String),
    instance LowCardinality(String),
    id       UInt64                                     CODEC(Delta, ZSTD(1)),
    level    Enum8('debug' = 0, 'info' = 1, 'warn' = 2, 'error' = 3),
    station  LowCardinality(String),
    event    LowCardinality(String),
    text     String                                     CODEC(ZSTD(1)),
    fields   Map(LowCardinality(String), String)        CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(at)
ORDER BY (at, instance, id)
