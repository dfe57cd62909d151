-- Trades as their venues left them: amended by every correction and cancel known now, in the tables or in the archive.
-- An amendment is about the trade with its id, of its venue, symbol and US trading day (which begins at 20:00 New York
-- time: ids may begin again each day). A corrected trade keeps the time of the first one; amended_at is the time of its
-- last correction, and 1970 for a trade as it was reported. The order in which amendments came does not matter.
-- docs/decisions/amendments.md.
CREATE OR REPLACE VIEW trades_final AS
WITH
    stated AS
    (
        SELECT venue, symbol, toDate(toTimeZone(timestamp, 'America/New_York') + INTERVAL 4 HOUR) AS session, trade_id,
            action, new_trade_id, new_price, new_volume, new_conditions, timestamp
        FROM all_amendments
    ),
    -- Of each id that a correction gave, its last values.
    corrected AS
    (
        SELECT venue, symbol, session, new_trade_id AS id, argMax(new_price, timestamp) AS new_price,
            argMax(new_volume, timestamp) AS new_volume, argMax(new_conditions, timestamp) AS new_conditions, max(timestamp) AS amended_at
        FROM stated WHERE action = 'correction'
        GROUP BY venue, symbol, session, id
    ),
    -- Corrections that gave another id, the last ones first: the way back to the first trade.
    steps AS
    (
        SELECT venue, symbol, session, arrayReverseSort(groupUniqArray((timestamp, trade_id, new_trade_id))) AS back
        FROM stated WHERE action = 'correction' AND trade_id != new_trade_id
        GROUP BY venue, symbol, session
    ),
    final AS
    (
        SELECT c.*, arrayFold((found, step) -> if(step.3 = found, step.2, found), s.back, c.id) AS first_id
        FROM corrected AS c LEFT JOIN steps AS s USING (venue, symbol, session)
        WHERE (venue, symbol, session, id) NOT IN
            (SELECT venue, symbol, session, trade_id FROM stated WHERE action != 'correction' OR trade_id != new_trade_id)
    )
SELECT t.venue, t.symbol, t.timestamp, t.received_at, t.price, t.volume, t.side, t.trade_id,
    t.conditions, toDateTime64(0, 9, 'UTC') AS amended_at
FROM
(
    SELECT *, toDate(toTimeZone(timestamp, 'America/New_York') + INTERVAL 4 HOUR) AS session FROM all_trades
) AS t
LEFT ANTI JOIN stated AS s
    ON s.venue = t.venue AND s.symbol = t.symbol AND s.session = t.session AND s.trade_id = t.trade_id
UNION ALL
SELECT t.venue, t.symbol, t.timestamp, t.received_at, f.new_price, f.new_volume, t.side, f.id, f.new_conditions,
    f.amended_at
FROM
(
    SELECT *, toDate(toTimeZone(timestamp, 'America/New_York') + INTERVAL 4 HOUR) AS session
    FROM all_trades
    WHERE (venue, symbol, trade_id) IN (SELECT venue, symbol, trade_id FROM stated WHERE action = 'correction')
) AS t
INNER JOIN final AS f ON f.venue = t.venue AND f.symbol = t.symbol AND f.session = t.session AND f.first_id = t.trade_id
