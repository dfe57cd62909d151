-- What each strategy of a run holds of each instrument, and what was paid for it less what was received.
CREATE OR REPLACE VIEW lab_positions AS
SELECT run, strategy, venue, symbol, sum(l.quantity) AS quantity, sum(l.amount) AS paid
FROM lab_ledger AS l WHERE account = 'position'
GROUP BY run, strategy, venue, symbol
