/**
 * A venue: the protocol and limits of one market's public feed. Pure: no sockets and no clock, so a venue is tested on
 * recorded frames. One folder each; `index.ts` lists them.
 */
import type { Amendment } from '../tick/amendments/amendments.ts'
import type { Liquidation } from '../tick/derivatives/liquidations.ts'
import type { Mark } from '../tick/derivatives/marks.ts'
import type { IdKind } from '../tick/id-kind.ts'
import type { Decoded } from '../tick/named/columns.ts'
import type { QuoteDraft } from '../tick/quotes/quotes.ts'
import type { Refusal } from '../tick/refusal.ts'
import type { TradeDraft } from '../tick/trades.ts'
import type { DepthFeed } from './book/depth.ts'
import type { Candles } from './candles/candles.ts'
import type { InstrumentList } from './instruments.ts'
import type { Repairer } from './repair/repairer.ts'

/**
 * Named like a kind of ticks in `url`, `subscribe`, `resubscribe` and `unsubscribe`: the stream of a venue that states
 * which trades exist, if it has one. See docs/decisions/witnesses.md.
 */
export const WITNESS = 'witness'

/**
 * The trades of a symbol's minute, as the venue counts them in a stream of its own: `trades` of them since `sinceMicros`,
 * µs since 1970 UTC by the venue's clock. With `lastTradeId` the last of them, else the ids are dense and the number
 * itself is the witness. The minute may go on. `volume` is the sum of their volumes as a decimal, where it is stated.
 */
export interface Witness {
  symbol: string
  sinceMicros: number
  trades: number
  lastTradeId?: number
  volume?: string
}

/**
 * A message of the venue's server about the connection itself. `channel`: the kind of ticks it is about, as in
 * `Venue.kinds`, where the message states it; else it is about all kinds of its symbols.
 */
export type Control =
  /** The server accepted the login. */
  | { kind: 'authenticated' }
  /**
   * A subscription was confirmed: `symbols` as the venue spells them, where it names them; `all`: this socket carries
   * no others.
   */
  | { kind: 'subscribed'; symbols?: readonly string[]; all?: true; channel?: string }
  /** The server takes subscriptions back. */
  | { kind: 'ended'; symbols: readonly string[]; channel?: string }
  /** The server refused something we sent; `symbols` where a field names them, else the text may. */
  | { kind: 'rejected'; detail: string; symbols?: readonly string[]; channel?: string }
  /** The server will close this connection soon: open another first. */
  | { kind: 'closing'; detail: string }
  /**
   * The server requests a lower rate: wait until `untilMs`, if stated, ms since 1970 by the clock that shows `nowMs`
   * (else ours).
   */
  | { kind: 'rate_limited'; detail: string; untilMs?: number; nowMs?: number }
  /**
   * The server serves this connection no longer: it is closed, and another one opened after a wait. `cause`: it rejects
   * the account's key, the account's plan does not include the feed, or the account has too many connections.
   */
  | { kind: 'denied'; detail: string; cause?: 'account' | 'plan' | 'connections' }
  /** The server complains of something that is not a subscription. */
  | { kind: 'error'; detail: string }
  /**
   * A heartbeat; a venue may state the last trade of a symbol with it, or, with `channel`, that the symbol's last tick
   * of that kind still stands.
   */
  | { kind: 'heartbeat'; symbol?: string; lastTradeId?: number; channel?: string }
  /** Which trades of a symbol exist: see `Witness`. */
  | ({ kind: 'witness' } & Witness)
  /** The venue's own state: `online` or another word; `upcoming` is a line about announced maintenance, or empty. */
  | { kind: 'venue_state'; state: string; upcoming: string }

/**
 * Takes the content of frames from a decoder. Each frame ends in at least one call, so that none is dropped silently.
 */
export interface Sink {
  /**
   * One trade. The decoder has set what the frame states; `venue`, `receivedAtMicros` and `origin` are the sink's to
   * set.
   */
  trade(trade: TradeDraft): void
  /** One quote. The decoder has set all but `venue`, `receivedAtMicros` and `origin`, also `timestampMicros` (0 for none) and `flags`. */
  quote(quote: QuoteDraft): void
  /**
   * A correction or a cancel of a trade. The decoder has set all but `venue` and `receivedAtMicros`. Absent in a sink that
   * takes none: they are ignored.
   */
  amendment?(amendment: Amendment): void
  /** A mark price; absent in a sink that takes none, as the next. */
  mark?(mark: Decoded<Mark>): void
  liquidation?(liquidation: Decoded<Liquidation>): void
  /**
   * A frame, or one item of it, that does not match the venue's document. `raw` is the item, if not the whole frame: its
   * text, or its bytes where the frame is not text.
   */
  refuse(reason: Refusal, detail: string, raw?: string | Uint8Array): void
  /** A message about the connection. */
  control(control: Control): void
  /** A message of a known kind that is not recorded: a depth update, a ticker. */
  ignore(): void
  /** A decimal of more significant digits than a double keeps exactly. */
  imprecise(): void
}

/** What the venue allows, from its documents. A missing limit means that none is stated. */
export interface Limits {
  /** Symbols on one connection; more are spread over several. */
  symbolsPerConnection: number
  /**
   * Connections at a time, where another one would end the first: a connection is then closed before its replacement
   * opens.
   */
  connections?: 1
  /** Frames per second that a client may send. */
  framesPerSecond: number
  /** Connections opened within five minutes from one address. */
  connectsPerFiveMinutes?: number
  /** The server closes a connection of this age: it is replaced before, with an overlap. */
  connectionAgeMsMax?: number
}

/** A user's secrets at a venue, by name: `key`, `secret`, `token`. */
export type Credentials = Readonly<Record<string, string>>

/** The account that a venue requires of a user. Venues of one vendor may share an account. */
export interface Account {
  /** Its secret `key` is the setting `TICKHOUSE_<NAME>_KEY`, or the content of the file `TICKHOUSE_<NAME>_KEY_FILE`. */
  readonly name: string
  readonly secrets: readonly ('key' | 'secret' | 'token')[]
  /** Where a user gets them: one sentence. */
  readonly advice: string
  /** The address to connect to, where the secrets are part of it: it is never shown. */
  authorizedUrl?(url: string, credentials: Credentials): string
  /**
   * Frames that log in, sent once connected. The frames of the subscription follow after the control message
   * `authenticated`.
   */
  login?(credentials: Credentials): readonly string[]
  /** Headers of REST requests. */
  headers?(credentials: Credentials): Readonly<Record<string, string>>
}

/** Reads one frame. Never throws. */
export interface Decode {
  (frame: Buffer, out: Sink): void
  /**
   * Called with each frame of a subscription, or of its end, before it is sent. Returns the frame to send, which may have
   * to name a channel by a number that answers on this socket stated.
   */
  addressed?(frame: string): string
}

/** Times of its rows are µs from this day on, ms before: `2025-01-01`. */
export interface DayFile {
  microsFrom: string
  /** Where the venue publishes it; a `.CHECKSUM` is beside it. Absent if the user must bring the file. */
  url?: (symbol: string, day: string) => string
}

/** What a perpetual or a future is worth. */
export interface Contracts {
  /** What its volumes count: contracts of the size that is listed, or amounts: coins, or of an inverse one money of the price's currency. */
  readonly volumes: 'contracts' | 'amounts'
  /** Whether it is inverse: settled in the coin that it is priced of. */
  isInverse(symbol: string, quote: string): boolean
}

export interface Venue {
  /** As stored in the table: lower case. */
  readonly name: string
  /** The venue's own addresses; `TICKHOUSE_<VENUE>_WS` and `_REST` replace them. */
  readonly ws: string
  readonly rest: string
  /** Paths of its feeds below `ws`, by the value of `TICKHOUSE_<VENUE>_FEED`; the first is the default. */
  readonly feeds?: Readonly<Record<string, string>>
  /** How the ids of a symbol's trades relate to each other. */
  readonly ids: IdKind
  readonly limits: Limits
  /**
   * Longest time without any frame, in ms, before a connection counts as dead, for venues that document a heartbeat.
   */
  readonly silenceMsMax: number
  /**
   * The kinds of ticks that it sends, `trades` first. Kinds of one inner list share a connection; those of another list
   * are sent by another server. Some are recorded only where a user names them: see `defaultKinds` in tick/kinds.ts.
   */
  readonly kinds: readonly (readonly string[])[]
  /** Symbols recorded when a user names the venue without any, and on a first run that tries it. */
  readonly defaultSymbols: readonly string[]
  /** Whether the venue confirms or refuses each subscription. */
  readonly acknowledges: boolean
  /** How the venue lists its instruments by REST. */
  readonly instruments: InstrumentList
  /** Of a venue with contracts that are not all of one coin, and paid in the price's currency. */
  readonly contracts?: Contracts
  /** Set where every symbol is spelled in capitals. */
  readonly spelling?: 'capitals'
  /** Set where a symbol may begin with the name of another market and a colon: `BINANCE:ETHUSDT`. */
  readonly prefixes?: true
  /** Set where the venue serves only users that it knows. */
  readonly account?: Account
  /** The address to connect to, for kinds of one list. `base` is the venue's or the configured one, without a trailing slash. */
  url(base: string, symbols: readonly string[], kinds: readonly string[]): string
  /** Frames to send once connected; empty where the URL contains the subscription. */
  subscribe(symbols: readonly string[], kinds: readonly string[]): readonly string[]
  /** Frames that subscribe to symbols again on an open connection. */
  resubscribe(symbols: readonly string[], kinds: readonly string[]): readonly string[]
  /** Frames that end subscriptions on an open connection, also those of the URL. */
  unsubscribe(symbols: readonly string[], kinds: readonly string[]): readonly string[]
  /** A frame to send every `everyMs` to stay connected, where the venue wants one beside WebSocket pings. */
  readonly keepAlive?: { everyMs: number; frame: string }
  /** Set where it has a stream that states which trades exist: it is requested as the kind `WITNESS` beside trades. */
  readonly witness?: true
  /** A frame with one item as given to `refuse`, where frames have several. */
  frameOf?(item: string): string
  /** Depth updates that its quotes can be checked by. */
  readonly depth?: DepthFeed
  /** How it supplies trades that are missing, by REST. */
  readonly repair?: Repairer
  /** How it supplies its own candles of a minute, by REST. */
  readonly candles?: Candles
  /** Its file of a day's trades can be read: a zip of CSV in the form of data.binance.vision. */
  readonly dayFile?: DayFile
  /** A decoder for one socket. It may keep what later frames of the socket refer to: channel numbers, a book. */
  decoder(): Decode
}
