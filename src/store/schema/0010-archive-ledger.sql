-- What was archived, with the proof: one row for each slice and kind, written only once the archived object was read back and
-- found equal to the table. All kinds of a slice are written by one insert. The newest row of a slice counts: read with FINAL.
-- key is the object below the archive's address, '' where the slice has no rows of the kind. hash_sum and hash_xor are over all
-- columns of all rows, in no order. first_time and last_time are those of the rows by the kind's own clock (trades: timestamp).
-- as_of is the store's clock before the table was asked: a move of rows that ended later is not in the object.
-- stale: rows of the slice have moved since, it is written anew. dropping, dropped: its rows leave, have left the table.
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
