/** See `subscription.ts`. */
export type SubscriptionState = 'requested' | 'acknowledged' | 'live' | 'unanswered' | 'refused' | 'ended' | 'silent'

/** States in which a symbol is not received and should be. */
export const DOWN_STATES: ReadonlySet<SubscriptionState> = new Set(['unanswered', 'refused', 'ended', 'silent'])

/** The state in which a venue trades as usual. */
export const ONLINE = 'online'

/** How the symbols of a connection fare. */
export interface SymbolsStatus {
  /** Acknowledged by the venue, or trading. */
  symbols: number
  symbolsRequested: number
  /** How many are in each state; none of a state is left out. */
  states: Partial<Record<SubscriptionState, number>>
  /** Those that do not trade, the ones that are down first; a hundred at most. */
  notLive: {
    symbol: string
    state: SubscriptionState
    /** Why it is down; empty where it is not. */
    detail: string
    /** In this state. */
    forMs: number
    /** Until it is asked for again; null if nothing is planned. */
    retryInMs: number | null
  }[]
}

/** What the venue said of itself last. */
export interface VenueStatus {
  /** `online` is the usual one; others are the venue's words, such as `maintenance`. */
  state: string
  /** Maintenance that the venue announced: a line; empty if none. */
  upcoming: string
}

/** How one connection to a venue fares. */
export interface ConnectionStatus extends SymbolsStatus {
  id: string
  venue: string
  url: string
  state: 'connecting' | 'open' | 'waiting' | 'closed'
  /** Open, and nothing comes although it should. */
  silent: boolean
  /** Frames come, and none of them can be read. */
  unreadable: boolean
  /** Null where the venue says nothing of itself. */
  venueStatus: VenueStatus | null
  ticksPerSecond: number
  framesPerSecond: number
  /** Since start. */
  ticks: number
  refused: number
  reconnects: number
  lastFrameAgeMs: number | null
  /** The same, or since it began to connect where no frame ever came. */
  quietMs: number
  /** Venue's time to our socket; negative when the venue's clock is ahead. */
  latencyMs: { p50: number; p99: number; max: number } | null
  /** How far our clock is ahead of the venue's, negative where behind; 0 where nothing is wrong: see `venue-clock.ts`. */
  clockAheadMs: number
}
