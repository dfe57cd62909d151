-- The log that this store follows: at most one row.
CREATE TABLE IF NOT EXISTS log_identity
(
    identity String,
    since    DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY since
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
