-- Log records that were trimmed before they were stored: known to be missing.
CREATE TABLE IF NOT EXISTS lost_ranges
(
    log_partition UInt16,
    first_offset  UInt64,
    last_offset   UInt64,
    found_at      DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(found_at)
ORDER BY (log_partition, first_offset, last_offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
