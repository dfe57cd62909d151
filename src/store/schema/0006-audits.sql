-- What each audit found: good and quarantined ticks of a partition and log day, against what the log counts.
CREATE TABLE IF NOT EXISTS audits
(
    at            DateTime64(3, 'UTC') DEFAULT now64(3),
    log_partition UInt16,
    log_day       Date,
    passed        Bool,
    ticks         UInt64,
    distinct_ticks UInt64,
    expected      UInt64,
    detail        String,
    took_ms       UInt32
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, log_partition)
TTL toDateTime(at) + INTERVAL 90 DAY
