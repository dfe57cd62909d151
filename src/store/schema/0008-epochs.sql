-- Owners of log partitions: each owner takes a higher epoch when it starts, and inserts of an earlier owner are refused.
CREATE TABLE IF NOT EXISTS epochs
(
    log_partition UInt16,
    epoch         UInt64,
    claimed_at    DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY (log_partition, epoch)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
