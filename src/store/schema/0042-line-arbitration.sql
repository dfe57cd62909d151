-- Two recorders of one feed: who had each trade first, by hour of the log, venue, symbol and recorder. Read it by the view recorders.
-- stored: trades stored as this recorder sent them. copies: of trades that another one's are stored. shared: of those stored, how many another
-- recorder sent too; the others it alone had. first: of the trades that both had, how many it received first, by the recorders' clocks.
-- lead_max_us: its greatest lead. leads: how many leads in each quarter of a power of two of µs; sums of these give the median.
-- A row has the sums since the owner of the partition (epoch) began the hour (part: which of the hours that it began), up to and with a batch.
-- The row of the greatest batch_first_offset counts. Written before a batch, in slot 0 and 1 in turn, so that merges leave two rows an hour:
-- rows of a batch that was not stored are deleted on resume by batch_first_offset and epoch, and those of the batch before are still here.
CREATE TABLE IF NOT EXISTS line_arbitration
(
    log_partition      UInt16,
    batch_first_offset UInt64,
    epoch              UInt64,
    part               UInt32,
    slot               UInt8,
    hour               DateTime('UTC'),
    venue              LowCardinality(String),
    symbol             LowCardinality(String),
    recorder           LowCardinality(String),
    stored             UInt64,
    copies             UInt64,
    shared             UInt64,
    first              UInt64,
    lead_max_us        UInt64,
    leads              Array(UInt32),
    stored_at          DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(batch_first_offset)
PARTITION BY toYYYYMM(hour)
ORDER BY (venue, symbol, hour, recorder, log_partition, epoch, part, slot)
TTL hour + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
