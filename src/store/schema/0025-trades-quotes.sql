-- Each trade with the quote before it: SELECT * FROM trades_quotes(venue = 'binance', symbol = 'BTCUSDT', guard_ms = 20).
-- The quote is the last one received at least guard_ms before the trade: venues send the quote that a trade changes
-- before the trade itself, so the last quote received before it already reflects it. docs/decisions/quotes.md has how
-- often the quote rule then agrees with the venue's side. quoted_at is 1970 where there was no quote yet.
-- Reads all quotes of the symbol: trades_quotes_between reads a range of receive time.
CREATE OR REPLACE VIEW trades_quotes AS
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
) AS t
ASOF LEFT JOIN
(
    SELECT toUInt8(1) AS one, received_at, bid_price, bid_size, ask_price, ask_size
    FROM quotes
    WHERE venue = {venue:String} AND symbol = {symbol:String}
) AS q ON t.one = q.one AND t.before >= q.received_at
