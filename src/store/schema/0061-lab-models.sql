-- Every model file that a run was played with, by the SHA-256 of the file. schema: of its features. trained_from, trained_until: of the rows it
-- was fitted on. dataset: their pinned checkpoint, or empty. folds: scores of its walk-forward folds, as JSON.
-- path: of the file, as the portfolio of the newest run states it; stage: of that run. label_micros: after so long a label is known, if the return until then
-- is above label_threshold; 0: a label of another kind.
CREATE TABLE IF NOT EXISTS lab_models
(
    sha256        String,
    kind          LowCardinality(String),
    schema        String,
    trained_from  DateTime64(6, 'UTC'),
    trained_until DateTime64(6, 'UTC'),
    features_run  String,
    dataset       LowCardinality(String),
    folds         String,
    run           String,
    written_at    DateTime64(6, 'UTC'),
    path          String DEFAULT '',
    stage         LowCardinality(String) DEFAULT 'paper',
    label_micros  UInt64 DEFAULT 0,
    label_threshold Float64 DEFAULT nan
)
ENGINE = ReplacingMergeTree(written_at)
ORDER BY sha256
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
