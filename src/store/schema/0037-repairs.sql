-- What became of missing trade ids that their venue does not supply, or that a person accepted, or had requested again:
-- evidence for table gaps.
-- docs/repair.md. Key, partitions, logged_at and log_hash as in trades.
-- outcome: unrepairable, accepted, requested. reason: the venue's words, or the person's. http_status and body_sha256: of the venue's
-- answer. price, volume, side, timestamp: of the aggregate that the venue states instead of these ids, else 0 and empty.
-- batch_first_offset, batch_good and epoch as in quarantine: this table is inserted before trades (docs/decisions/kinds.md).
CREATE TABLE IF NOT EXISTS repairs
(
    venue              LowCardinality(String),
    symbol             LowCardinality(String),
    outcome            LowCardinality(String),
    reason             LowCardinality(String),
    accepted_by        LowCardinality(String),
    side               LowCardinality(String),
    body_sha256        LowCardinality(String),
    price              Float64              CODEC(ZSTD(3)),
    volume             Float64              CODEC(ZSTD(3)),
    first_id           UInt64               CODEC(Delta, ZSTD(1)),
    last_id            UInt64               CODEC(Delta, ZSTD(1)),
    run                UInt64               CODEC(ZSTD(1)),
    http_status        UInt64               CODEC(ZSTD(1)),
    timestamp          DateTime64(9, 'UTC') CODEC(GCD, ZSTD(1)),
    received_at        DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition      UInt16,
    log_offset         UInt64               CODEC(Delta, ZSTD(1)),
    log_index          UInt32               CODEC(Delta, ZSTD(1)),
    log_hash           UInt64               DEFAULT 0 CODEC(ZSTD(1)),
    logged_at          DateTime('UTC')      CODEC(Delta, ZSTD(1)),
    log_day            Date,
    batch_first_offset UInt64               CODEC(Delta, ZSTD(1)),
    batch_good         UInt32               CODEC(ZSTD(1)),
    epoch              UInt64               CODEC(ZSTD(1)),
    stored_at          DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX log_place (log_partition, log_offset) TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY log_day
ORDER BY (symbol, venue, first_id, received_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0, merge_selector_base = 16
