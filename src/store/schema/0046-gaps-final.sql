-- Each gap as it is now, with its cause: '' if that is not known, or not yet.
CREATE OR REPLACE VIEW gaps_final AS
SELECT venue, symbol, first_id, last_id, id_run, missing, refused, state, reason, cause, detail, found_at, changed_at, after_at, before_at
FROM (SELECT * FROM gaps FINAL) AS gaps
LEFT JOIN (SELECT venue, symbol, first_id, last_id, id_run, cause, detail, refused FROM gap_causes FINAL) AS causes
USING (venue, symbol, first_id, last_id, id_run)
