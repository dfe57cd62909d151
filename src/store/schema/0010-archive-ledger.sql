-- The catalog of the archive: one row for each segment and kind, inserted once the archived object was read back and matched the
-- table. All kinds of a segment are one insert. The newest row of a segment counts: read with FINAL.
-- key is the object below the archive's address, '' where the segment has no rows of the kind. hash_sum and hash_xor cover all
-- columns of all rows, in any order. first_time and last_time are the range of the kind's time column (trades: timestamp).
-- as_of is the store's clock before the table was read: rows that were moved later are not in the object.
-- stale: rows of the segment have moved since, and it is archived again. dropping, dropped: its rows leave, have left the table.
CREATE TABLE IF NOT EXISTS archive_ledger
(
    archive        String,
    kind           LowCardinality(String),
    log_partition  UInt16,
    slice_start    DateTime('UTC'),
    slice_end      DateTime('UTC'),
    first_offset   UInt64,
    last_offset    UInt64,
    key            String,
    rows           UInt64,
    bytes          UInt64,
    sha256         String,
    hash_sum       UInt64,
    hash_xor       UInt64,
    lowest_offset  UInt64,
    lowest_index   UInt32,
    highest_offset UInt64,
    highest_index  UInt32,
    first_time     DateTime64(9, 'UTC'),
    last_time      DateTime64(9, 'UTC'),
    state          Enum8('verified' = 0, 'stale' = 1, 'dropping' = 2, 'dropped' = 3),
    as_of          DateTime64(3, 'UTC'),
    verified_at    DateTime64(3, 'UTC'),
    changed_at     DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(changed_at)
ORDER BY (archive, kind, log_partition, slice_start, first_offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
