-- The last record with a hash (trades.log_hash) of each partition whose rows have left the tables, inserted before they leave. The
-- greatest offset of a partition counts. Without it, a log that continues after its archived days could not be distinguished
-- from an older copy of itself.
CREATE TABLE IF NOT EXISTS positions
(
    log_partition UInt16,
    log_offset    UInt64,
    log_hash      UInt64,
    noted_at      DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY log_partition
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
