-- Runs of strategies on paper: docs/lab.md. A row for each strategy of a run when it begins, and one when it ends: the newest counts,
-- read with FINAL. mode: run over stored ticks, or live. parameters: as JSON. dataset: the pinned checkpoint, or empty.
-- yaml: the portfolio's file. yaml_path: where it was, an absolute path; empty if not known. ticks: those of the strategy's portfolio. unproved: share of the hours of its instruments whose completeness is not proved; -1 while none is counted.
-- sharpe, skew, kurtosis: of the returns between marks, not annualised; NaN
-- where they are not defined. marks: how many, mark_seconds: how far apart. fills_hash: SHA-256 of its fills.
-- Money is in the portfolio's currency.
CREATE TABLE IF NOT EXISTS lab_runs
(
    run         String,
    strategy    LowCardinality(String),
    portfolio   LowCardinality(String),
    kind        LowCardinality(String),
    parameters  String,
    symbols     Array(LowCardinality(String)),
    mode        LowCardinality(String),
    state       LowCardinality(String),
    program     LowCardinality(String),
    seed        UInt64,
    yaml        String                 CODEC(ZSTD(3)),
    yaml_path   String                 DEFAULT '',
    dataset     LowCardinality(String),
    from        DateTime64(6, 'UTC'),
    until       DateTime64(6, 'UTC'),
    ticks       UInt64,
    currency    LowCardinality(String),
    capital     Decimal(38, 8),
    equity      Decimal(38, 8),
    fees        Decimal(38, 8),
    fills       UInt64,
    sharpe      Float64 DEFAULT nan,
    skew        Float64 DEFAULT nan,
    kurtosis    Float64 DEFAULT nan,
    marks       UInt64,
    mark_seconds UInt32 DEFAULT 60,
    unproved    Float64,
    fills_hash  String,
    began_at    DateTime64(3, 'UTC'),
    written_at  DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(written_at)
ORDER BY (run, strategy)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
