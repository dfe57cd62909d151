/** See `subscription.ts`. */
export type SubscriptionState =
  | 'requested'
  | 'acknowledged'
  | 'live'
  | 'quiet'
  | 'unanswered'
  | 'refused'
  | 'ended'
  | 'silent'
  | 'halted'
  | 'delisted'

/** All of them, in the order in which they are shown. */
export const SUBSCRIPTION_STATES: readonly SubscriptionState[] = [
  'live',
  'quiet',
  'acknowledged',
  'requested',
  'halted',
  'silent',
  'refused',
  'ended',
  'unanswered',
  'delisted',
]

/** What the venue's list states of a symbol that does not trade. */
export interface Listing {
  state: 'halted' | 'delisted'
  detail: string
}

/** Numbers of subscriptions by state, without zeros. */
export type StateCounts = Partial<Record<SubscriptionState, number>>

/** States in which a symbol is not received and should be. */
export const DOWN_STATES: ReadonlySet<SubscriptionState> = new Set([
  'unanswered',
  'refused',
  'ended',
  'silent',
  'delisted',
])

/** The state in which a venue trades as usual. */
export const ONLINE = 'online'

/** A symbol of which ticks of a kind do not arrive, and should. */
export interface NotLive {
  symbol: string
  kind: string
  state: SubscriptionState
  /** Why it is down; empty if it is not. */
  detail: string
  /** Time in this state. */
  forMs: number
  /** Time until it is requested again; null if that is not scheduled. */
  retryInMs: number | null
}

/** Status of the symbols of a connection. */
export interface SymbolsStatus {
  /** Symbols of which each kind is acknowledged by the venue, or live. */
  symbols: number
  symbolsRequested: number
  /** Number of subscriptions (a symbol and a kind) by state, without zeros. */
  states: StateCounts
  /** The same of each kind. */
  statesOfKinds: Readonly<Record<string, StateCounts>>
  /** Subscriptions that are not live, the ones that are down first; a hundred at most. */
  notLive: NotLive[]
}

/** A venue's own status, as it last sent it. */
export interface VenueStatus {
  /** `online`, or the venue's term for another state, like `maintenance`. */
  state: string
  /** The venue's announcement of maintenance; empty if none. */
  upcoming: string
}

/** Status of one connection to a venue. */
export interface ConnectionStatus extends SymbolsStatus {
  id: string
  venue: string
  url: string
  state: 'connecting' | 'open' | 'waiting' | 'closed'
  /** Open, and no data arrives for far longer than usual. */
  silent: boolean
  /** Frames arrive, and none of them is readable. */
  unreadable: boolean
  /** Null if the venue sends no status. */
  venueStatus: VenueStatus | null
  ticksPerSecond: number
  framesPerSecond: number
  /** Since start. */
  ticks: number
  refused: number
  reconnects: number
  lastFrameAgeMs: number | null
  /** The same, or since it started to connect if no frame ever arrived. */
  quietMs: number
  /** Venue's time to our socket; negative when the venue's clock is ahead. */
  latencyMs: { p50: number; p99: number; max: number } | null
  /** How far our clock is ahead of the venue's, negative if behind; 0 if it is right: see `venue-clock.ts`. */
  clockAheadMs: number
}
