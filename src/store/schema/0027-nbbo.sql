-- The best bid and offer over venues after each quote of any of them:
-- SELECT * FROM nbbo(symbols = ['BTCUSDT', 'BTC/USDT', 'BTC-USDT'], stale_seconds = 10, since = '2026-11-26 10:00:00', until = '2026-11-26 11:00:00').
-- symbols: one instrument in the spelling of each venue. A venue whose last quote is older than stale_seconds does not
-- count. By receive time: what a reader here could have known.
CREATE OR REPLACE VIEW nbbo AS
SELECT * EXCEPT (fresh, bid, ask)
FROM
(
    SELECT
        received_at,
        arrayFilter(last -> last.1 >= received_at - toIntervalSecond({stale_seconds:UInt32}), mapValues(lasts)) AS fresh,
        arrayReverseSort(last -> (last.3, last.4), fresh)[1] AS bid,
        arraySort(last -> (last.5, -last.6), fresh)[1]       AS ask,
        bid.2                                                AS bid_venue,
        bid.3                                                AS bid_price,
        bid.4                                                AS bid_size,
        ask.2                                                AS ask_venue,
        ask.5                                                AS ask_price,
        ask.6                                                AS ask_size
    FROM
    (
        SELECT
            received_at,
            anyLastMap(map(toString(venue), (received_at, toString(venue), bid_price, bid_size, ask_price, ask_size))) OVER
            (
                ORDER BY received_at, venue, sequence, log_offset, log_index
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS lasts
        FROM quotes
        WHERE symbol IN {symbols:Array(String)}
            AND received_at >= {since:DateTime64(9, 'UTC')} AND received_at < {until:DateTime64(9, 'UTC')}
    )
)
ORDER BY received_at
