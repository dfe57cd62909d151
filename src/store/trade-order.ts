/**
 * The order of a symbol's trades as one number, in SQL: by the venue's time, at the same nanosecond by id. The engine
 * finds the first and the last of them five times as fast as by the tuple `(timestamp, trade_id)`, whose order it is.
 * View `candles` has it too.
 */
export const TRADE_ORDER = "toInt128(toUnixTimestamp64Nano(timestamp)) * toInt128('18446744073709551616') + trade_id"
