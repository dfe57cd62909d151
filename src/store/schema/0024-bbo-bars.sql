-- Bars of the best bid and offer: SELECT * FROM bbo_bars(venue = 'binance', symbol = 'BTCUSDT', seconds = 60) WHERE time >= now() - 3600.
-- open, high, low, close: of the mid price. spread (in price units), spread_bp (of the mid, in 1/10,000) and imbalance
-- ((bid size - ask size) / (bid size + ask size)) are weighted by time: each quote counts until the next one or the end
-- of its bar. Bars are of receive time, since some venues state no time of a quote. A bar without a quote has no row.
-- The window is partitioned by bar, so that a condition on time is applied before it.
CREATE OR REPLACE VIEW bbo_bars AS
SELECT
    time,
    argMin(mid, place)              AS open,
    max(mid)                        AS high,
    min(mid)                        AS low,
    argMax(mid, place)              AS close,
    avgWeighted(width, weight)      AS spread,
    avgWeighted(1e4 * width / mid, weight) AS spread_bp,
    avgWeighted(balance, weight)    AS imbalance,
    count()                         AS quotes
FROM
(
    SELECT
        toDateTime64(fromUnixTimestamp64Nano(bar), 3, 'UTC') AS time,
        (received_at, sequence, log_offset, log_index)     AS place,
        (bid_price + ask_price) / 2                        AS mid,
        ask_price - bid_price                              AS width,
        (bid_size - ask_size) / (bid_size + ask_size)      AS balance,
        -- One nanosecond more, so that quotes of one moment have a weight.
        toFloat64(1 + leadInFrame(at, 1, bar + step) OVER one - at) AS weight
    FROM
    (
        SELECT
            received_at, sequence, log_offset, log_index, bid_price, bid_size, ask_price, ask_size,
            toUnixTimestamp64Nano(received_at)                 AS at,
            toInt64({seconds:UInt32}) * 1000000000             AS step,
            intDiv(at, step) * step                            AS bar
        FROM quotes
        WHERE venue = {venue:String} AND symbol = {symbol:String}
    )
    WINDOW one AS
    (
        PARTITION BY bar ORDER BY received_at, sequence, log_offset, log_index
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
)
GROUP BY time
ORDER BY time
