-- Ticks on their way from quarantine into trades: a row before anything is moved (step 0), and one when all is in place (1) or
-- taken back (2); the highest step counts: read with FINAL. See docs/decisions/requeue.md.
-- good_offset and good_index are the place of one of the good ticks: they arrive together, so it tells whether they did.
-- offsets and indexes are the places of the rows that leave quarantine, epoch that of the owner who moves them.
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
