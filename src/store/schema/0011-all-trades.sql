-- Every trade, hot or archived: the view spans the archive once that is known, see archive/view.ts.
CREATE OR REPLACE VIEW all_trades AS
SELECT * FROM trades
