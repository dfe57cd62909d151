-- Ticks on their way from quarantine to trades: one row before the move (step 0) and one when it is complete (1) or undone (2).
-- The highest step counts: read with FINAL. See docs/quarantine.md.
-- good_offset and good_index are the position of one of the good ticks: they are stored together, so it shows whether they were.
-- offsets and indexes are the positions of the rows that leave quarantine; epoch is that of the owner who moves them.
CREATE TABLE IF NOT EXISTS requeues
(
    log_partition UInt16,
    epoch         UInt64,
    number        UInt32,
    step          UInt8,
    log_day       Date,
    good          UInt32,
    good_offset   UInt64,
    good_index    UInt32,
    offsets       Array(UInt64),
    indexes       Array(UInt32),
    stored_at     DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(step)
ORDER BY (log_partition, epoch, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
