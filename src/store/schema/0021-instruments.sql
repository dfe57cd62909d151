-- Every change of what a venue lists, once: a row for each instrument of the first list, then one for each change.
-- Key, partitions, logged_at and log_hash as in trades. received_at is our time of the list that shows the change.
-- change: found (in the first list), listed, changed, halted, resumed, delisted. status: trading, or the venue's word.
-- Texts are empty and numbers 0 where the venue states none; aliases are separated by commas.
-- first_seen and last_seen: our times of the first and of the last list with the instrument; last_seen is before
-- received_at if it has left the list. docs/decisions/instruments.md.
-- batch_first_offset, batch_good and epoch as in quarantine: this table is inserted before trades (docs/decisions/kinds.md).
CREATE TABLE IF NOT EXISTS instruments
(
    venue              LowCardinality(String),
    symbol             LowCardinality(String),
    change             LowCardinality(String),
    kind               LowCardinality(String),
    base               LowCardinality(String),
    quote              LowCardinality(String),
    aliases            LowCardinality(String),
    status             LowCardinality(String),
    sessions           LowCardinality(String),
    tick_size          Float64,
    lot_size           Float64,
    contract_size      Float64,
    expires_at         DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    first_seen         DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    last_seen          DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    received_at        DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
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
ORDER BY (venue, symbol, received_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0, merge_selector_base = 16
