-- Every trade, in the tables or in the archive: archive/view.ts adds the archive once it is open.
CREATE OR REPLACE VIEW all_trades AS
SELECT * FROM trades
