-- Every mark price, in the table or in the archive, like all_trades.
CREATE OR REPLACE VIEW all_marks AS
SELECT * FROM marks
