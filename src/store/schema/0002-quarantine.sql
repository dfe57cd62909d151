-- Refused ticks, each with its reason and the payload received. batch_first_offset and batch_good show on resuming whether the
-- good ticks of the same batch, which are inserted after these, were stored: docs/decisions/resume.md.
-- epoch is the writer's: a later owner removes half a batch, never an earlier owner that is still running.
-- log_hash: as in trades.
-- ticks is 1, or the count in the header of a record that cannot be read: any number, so that log and table have the same total; or the
-- number of repeated quotes in a record.
-- trade_id is set where a tick with a tracked id was refused for its values: that id is not missing. Otherwise 0.
-- raw is the payload byte for byte; only its beginning where received_bytes is greater than its length. received_bytes 0: unknown.
CREATE TABLE IF NOT EXISTS quarantine
(
    log_partition      UInt16,
    log_offset         UInt64,
    log_index          UInt32,
    log_hash           UInt64 DEFAULT 0,
    logged_at          DateTime('UTC'),
    log_day            Date,
    ticks              Int64,
    kind               LowCardinality(String),
    reason             LowCardinality(String),
    detail             String,
    venue              LowCardinality(String),
    symbol             String,
    raw                String CODEC(ZSTD(3)),
    received_at        DateTime64(9, 'UTC'),
    batch_first_offset UInt64,
    batch_good         UInt32,
    epoch              UInt64,
    stored_at          DateTime64(3, 'UTC') DEFAULT now64(3),
    trade_id           UInt64 DEFAULT 0,
    id_run             UInt16 DEFAULT 0,
    received_bytes     UInt64 DEFAULT 0
)
ENGINE = MergeTree
PARTITION BY log_day
ORDER BY (log_partition, log_offset, log_index)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
