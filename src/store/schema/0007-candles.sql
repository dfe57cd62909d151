-- Candles computed from trades: SELECT * FROM candles(venue = 'binance', symbol = 'BTCUSDT', seconds = 60).
CREATE OR REPLACE VIEW candles AS
SELECT
    toDateTime64(intDiv(toUnixTimestamp64Milli(timestamp), 1000 * {seconds:UInt32}) * {seconds:UInt32}, 3, 'UTC') AS time,
    argMin(price, toInt128(toUnixTimestamp64Nano(timestamp)) * toInt128('18446744073709551616') + trade_id) AS open,
    max(price)                           AS high,
    min(price)                           AS low,
    argMax(price, toInt128(toUnixTimestamp64Nano(timestamp)) * toInt128('18446744073709551616') + trade_id) AS close,
    sum(t.volume)                        AS volume,
    sumIf(t.volume, side = 'buy')          AS buy_volume,
    count()                              AS trades
FROM trades AS t
WHERE venue = {venue:String} AND symbol = {symbol:String}
GROUP BY time
ORDER BY time
