-- Every quote, in the table or in the archive, like all_trades.
CREATE OR REPLACE VIEW all_quotes AS
SELECT * FROM quotes
