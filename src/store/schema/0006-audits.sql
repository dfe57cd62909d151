-- Results of audits: good and quarantined ticks of a partition, compared with the count in the log. An audit covers offsets from
-- first_offset up to, not including, below_offset; both are 0 in a row that records a restore from the archive.
-- subject: '' for log positions; 'quotes' for tops of a rebuilt book compared with quotes: expected were compared, ticks are equal.
CREATE TABLE IF NOT EXISTS audits
(
    at            DateTime64(3, 'UTC') DEFAULT now64(3),
    log_partition UInt16,
    log_day       Date,
    first_offset  UInt64,
    below_offset  UInt64,
    passed        Bool,
    ticks         UInt64,
    distinct_ticks UInt64,
    expected      UInt64,
    detail        String,
    took_ms       UInt32,
    subject       LowCardinality(String) DEFAULT ''
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, log_partition)
TTL toDateTime(at) + INTERVAL 90 DAY
