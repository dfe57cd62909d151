/** The times a connection lives by, in ms. Tests shorten them. */
export const TIMINGS = {
  /** From the first packet to an open WebSocket. */
  handshakeMsMax: 10_000,
  /** Waits before another try: see `Backoff`. */
  backoffMsMin: 100,
  backoffFirstMs: 500,
  backoffMsMax: 30_000,
  /** A connection that held this long starts again with the shortest waits. */
  stableMs: 10_000,
  /** Waited when a server asks for fewer requests without saying how long. */
  rateLimitedMs: 60_000,
  /** The same for HTTP 418, with which Binance bans for two minutes at least; for 451; and for 403. */
  bannedMs: 120_000,
  regionRefusedMs: 900_000,
  addressRefusedMs: 300_000,
  /** How long a venue's list of symbols may take, when one that cannot be had is asked for again at first, and how often it is had. */
  symbolListMsMax: 20_000,
  symbolListRetryMs: 60_000,
  symbolListEveryMs: 86_400_000,
  /** How often silence is looked for. */
  silenceCheckMs: 1000,
  /** A feed is never called silent before this, however busy it was. */
  quietMsMin: 10_000,
  /** Quiet this many times longer than a feed's longest usual one is silence; the one figure here that is no time. */
  quietFactor: 20,
  /** A feed's usual rhythm is known once it was followed for this long. */
  rhythmMs: 60_000,
  /** How long old and new connection run side by side once the new one delivers, and at most once it is open. */
  overlapMs: 2000,
  overlapMsMax: 10_000,
  /** How long a polite close may take. */
  closeMsMax: 1000,
  /** Refused frames and venues' error messages are told one by one the first time, then summed up this often. */
  refusalSummaryMs: 10_000,
  /** A venue that confirms each symbol has so long to do it. */
  answerMsMax: 10_000,
  /** A connection on which nothing at all came for this long after it opened is replaced; the wait doubles each time. */
  firstFrameMsMax: 60_000,
  /** Where a venue confirms nothing: a symbol without a trade for this long, while others trade, counts as down. */
  firstTradeMsMax: 600_000,
  /** A trade that the venue announced and that has not come after this long is lost; the wait doubles while none comes. */
  announcedMsMax: 5_000,
  /** Nothing readable for this long, while frames come that are not: the connection counts as unreadable. */
  unreadableMsMax: 30_000,
  /** Waits before a symbol is asked for again, by why it is down: the first, and the longest that doubling leads to. */
  resubscribe: {
    /** Refused, and it may pass. */
    passing: { firstMs: 5_000, maxMs: 300_000 },
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
/** Why a symbol is asked for again. */
export type ResubscribeReason = keyof typeof TIMINGS.resubscribe
