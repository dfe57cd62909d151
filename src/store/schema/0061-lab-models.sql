-- Every model file that a run was played with, by the SHA-256 of the file. schema: of its features. trained_from, trained_until: of the rows it
-- was fitted on. dataset: their pinned checkpoint, or empty. folds: scores of its walk-forward folds, as JSON.
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
    written_at    DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(written_at)
ORDER BY sha256
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0
