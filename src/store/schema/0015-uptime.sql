-- State of the stages, sampled every `every_ms`: time without a row is time in which no process ran.
-- recorded: what venues sent went into the log. stored: records of the log went into the tables without delay.
CREATE TABLE IF NOT EXISTS uptime
(
    at       DateTime64(3, 'UTC')                       CODEC(Delta, ZSTD(1)),
    instance LowCardinality(String),
    every_ms UInt32,
    recorded Bool,
    stored   Bool,
    sources  LowCardinality(String),
    log      LowCardinality(String),
    ingest   LowCardinality(String),
    store    LowCardinality(String),
    archive  LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY at
