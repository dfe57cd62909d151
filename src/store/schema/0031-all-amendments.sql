-- Every amendment, in the table or in the archive, like all_trades.
CREATE OR REPLACE VIEW all_amendments AS
SELECT * FROM amendments
