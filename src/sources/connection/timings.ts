/** Timeouts and intervals of connections, ms. Tests shorten them. */
export const TIMINGS = {
  /** From the first packet to an open WebSocket. */
  handshakeMsMax: 10_000,
  /** Waits before another try: see `Backoff`. */
  backoffMsMin: 100,
  backoffFirstMs: 500,
  backoffMsMax: 30_000,
  /** After a connection that lasted this long, the backoff starts again. */
  stableMs: 10_000,
  /** Wait after a rate limit without a stated time. */
  rateLimitedMs: 60_000,
  /** The same for HTTP 418, with which Binance bans for two minutes at least; for 451; for 403; and for 401. */
  bannedMs: 120_000,
  regionRefusedMs: 900_000,
  addressRefusedMs: 300_000,
  accountRefusedMs: 300_000,
  planRefusedMs: 900_000,
  /** After a connection more than the account may have: at Alpaca one that broke counts for 90 s. */
  connectionsExceededMs: 95_000,
  /** Timeout of a request for a venue's list of instruments, wait between two to one host, and first retry after a failure. */
  symbolListMsMax: 20_000,
  symbolListApartMs: 1_000,
  symbolListRetryMs: 60_000,
  /** Timeout of a request for missing trades; wait after a failed one, which doubles up to the last. */
  repairMsMax: 20_000,
  repairRetryMs: 1_000,
  repairRetryMsMax: 60_000,
  /** From a repaired trade in the log until ingest must have stored it; wait after an answer without the requested ids. */
  repairSettleMs: 60_000,
  repairAbsentMs: 30_000,
  /** Missing trades of a venue that has refused our address or region for this long are not supplied. */
  repairDeniedMs: 3_600_000,
  /** Intervals: of reading what is missing, of looking for something to do, of reports of the same thing. */
  repairListMs: 1_000,
  repairIdleMs: 100,
  repairReportMs: 60_000,
  /** Interval of the checks for silence. */
  livenessCheckMs: 1000,
  /** A feed is never silent before this, however busy it was. */
  quietMsMin: 10_000,
  /** A gap this many times longer than a feed's longest recent one is silence (a factor, not a time). */
  quietFactor: 20,
  /** A feed's usual gaps are known after this. */
  livenessLearnMs: 60_000,
  /** Overlap of the old and the new socket once the new one delivers, and the longest one once it is open. */
  overlapMs: 2000,
  overlapMsMax: 10_000,
  /** Timeout of a closing handshake. */
  closeMsMax: 1000,
  /** Interval of the summaries of repeated errors: see `ErrorReport`. */
  errorSummaryMs: 10_000,
  /** Timeout of a venue's confirmation of a symbol. */
  answerMsMax: 10_000,
  /** A connection without any frame for this long after it opened is replaced; the wait doubles each time. */
  firstFrameMsMax: 60_000,
  /** At a venue that confirms nothing, a symbol without a trade for this long, while others trade, is down. */
  firstTradeMsMax: 600_000,
  /** A trade announced by the venue that has not arrived after this is lost; the wait doubles while none arrives. */
  announcedMsMax: 5_000,
  /** A venue's statement of which trades exist is recent for this long: each minute has another one. */
  witnessMsMax: 90_000,
  /** A connection that delivers only unreadable frames for this long is unreadable. */
  unreadableMsMax: 30_000,
  /** Waits before a symbol is requested again, by why it is down: the first, and the limit of its doubling. */
  resubscribe: {
    /** Refused, maybe temporarily. */
    temporary: { firstMs: 5_000, maxMs: 300_000 },
    /** Refused for too many requests. */
    rate: { firstMs: 15_000, maxMs: 300_000 },
    /** Refused since the venue does not list the symbol. */
    unlisted: { firstMs: 3_600_000, maxMs: 3_600_000 },
    /** Ended by the venue. */
    ended: { firstMs: 60_000, maxMs: 3_600_000 },
    /** Not answered. */
    unanswered: { firstMs: 10_000, maxMs: 300_000 },
  },
}
export type Timings = Readonly<typeof TIMINGS>
/** Why a symbol is requested again. */
export type ResubscribeReason = keyof typeof TIMINGS.resubscribe
