-- The last checkpoint of the archive's transparency log that each key signed; key is the public one, which names the archive too. The
-- row with the most entries counts. It is inserted before the checkpoint is published: an archive that was restored from an older
-- copy would otherwise be continued differently from what its readers have seen.
CREATE TABLE IF NOT EXISTS signed_checkpoints
(
    key       String,
    size      UInt64,
    note      String,
    signed_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(size)
ORDER BY key
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
