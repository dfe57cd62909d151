-- trades_quotes of the trades received from {since} on and before {until}, with the quotes from an hour before:
-- SELECT * FROM trades_quotes_between(venue = 'binance', symbol = 'BTCUSDT', guard_ms = 20, since = '2026-11-26 10:00:00', until = '2026-11-26 11:00:00').
CREATE OR REPLACE VIEW trades_quotes_between AS
SELECT t.* EXCEPT (one, before), q.received_at AS quoted_at, q.bid_price, q.bid_size, q.ask_price, q.ask_size
FROM
(
    SELECT
        venue, symbol, timestamp, received_at, price, volume, side, trade_id, origin,
        log_partition, log_offset, log_index,
        toUInt8(1)                                              AS one,
        received_at - toIntervalMillisecond({guard_ms:UInt32})  AS before
    FROM trades
    WHERE venue = {venue:String} AND symbol = {symbol:String}
        AND received_at >= {since:DateTime64(9, 'UTC')} AND received_at < {until:DateTime64(9, 'UTC')}
) AS t
ASOF LEFT JOIN
(
    SELECT toUInt8(1) AS one, received_at, bid_price, bid_size, ask_price, ask_size
    FROM quotes
    WHERE venue = {venue:String} AND symbol = {symbol:String}
        AND received_at >= {since:DateTime64(9, 'UTC')} - INTERVAL 1 HOUR
        AND received_at < {until:DateTime64(9, 'UTC')}
) AS q ON t.one = q.one AND t.before >= q.received_at
