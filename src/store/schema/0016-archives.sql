-- The archive found at each address, and the log it belongs to: archive is the id in its marker, and its name in archive_ledger;
-- '' where the archive there belongs to another log. The newest row of an address counts.
CREATE TABLE IF NOT EXISTS archives
(
    address String,
    archive String,
    log     String,
    seen_at DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY address
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
