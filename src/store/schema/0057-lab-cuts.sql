-- Where a live run cut the log: the ticks of a cut are those of the records from from_offset up to until_offset, exclusive, of each partition.
-- Within a cut they are ordered as in any run; so the cuts repeat the order of a live run. A row for each partition that moved, at least one a cut.
-- Written before the ticks of the cut are played. advanced_to: until when the engine's time went, µs since 1970 UTC.
-- changes: gaps that were found, payments of funding, and when the kill switch or the request to end the run was seen, as JSON; of cut 0, what the run was set up with. ends: everything is closed, and the run ends.
CREATE TABLE IF NOT EXISTS lab_cuts
(
    run          String,
    number       UInt64                 CODEC(Delta, ZSTD(1)),
    partition    UInt16,
    from_offset  UInt64                 CODEC(Delta, ZSTD(1)),
    until_offset UInt64                 CODEC(Delta, ZSTD(1)),
    advanced_to  Int64                  CODEC(Delta, ZSTD(1)),
    changes      String                 CODEC(ZSTD(1)),
    ends         Bool,
    at           DateTime64(6, 'UTC')   CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (run, number, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
