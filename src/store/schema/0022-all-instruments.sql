-- Every change of an instrument, in the table or in the archive, like all_trades.
CREATE OR REPLACE VIEW all_instruments AS
SELECT * FROM instruments
