-- The schema versions that this store has had; the highest is today's: schema/version.ts.
CREATE TABLE IF NOT EXISTS schema_version
(
    version UInt32,
    program String,
    since   DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
