-- How far table coverage is computed: the hours before closed_before, with all records below these offsets of each log partition and
-- all gaps changed before gaps_before, and all whose cause was found before causes_before. The newest row counts. Written after the
-- hours: an interrupted step is repeated.
CREATE TABLE IF NOT EXISTS coverage_progress
(
    at            DateTime64(6, 'UTC'),
    closed_before DateTime('UTC'),
    gaps_before   DateTime64(6, 'UTC'),
    offsets       Map(String, UInt64),
    causes_before DateTime64(6, 'UTC') DEFAULT 0
)
ENGINE = ReplacingMergeTree(at)
ORDER BY tuple()
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
