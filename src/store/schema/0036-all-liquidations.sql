-- Every liquidation, in the table or in the archive, like all_trades.
CREATE OR REPLACE VIEW all_liquidations AS
SELECT * FROM liquidations
