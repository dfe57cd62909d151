-- Every row about missing ids, in the table or in the archive, like all_trades.
CREATE OR REPLACE VIEW all_repairs AS
SELECT * FROM repairs
