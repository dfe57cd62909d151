/**
 * A venue: what it takes to follow one market's public feed. Pure: no sockets, no clock, no state outside what it is given,
 * so a venue is tested on recorded frames. One file each; `index.ts` lists them.
 */
import type { IdKind } from '../tick/id-kind.ts'
import type { Refusal } from '../tick/refusal.ts'
import type { TradeDraft } from '../tick/trades.ts'
import type { SymbolList } from './listed-symbols.ts'

/** What a venue's server says about the connection itself. */
export type Control =
  /** A subscription was confirmed: `symbols` as the venue spells them, where it names them; `all`: this socket carries no others. */
  | { kind: 'subscribed'; symbols?: readonly string[]; all?: true }
  /** The server takes subscriptions back. */
  | { kind: 'ended'; symbols: readonly string[] }
  /** The server refused something we sent; `symbols` where a field names them, else the text may. */
  | { kind: 'rejected'; detail: string; symbols?: readonly string[] }
  /** The server will close this connection soon: open another first. */
  | { kind: 'closing'; detail: string }
  /** The server wants fewer requests: wait until then, ms since 1970 by the clock that shows `nowMs` (ours without), if it says. */
  | { kind: 'rate_limited'; detail: string; untilMs?: number; nowMs?: number }
  /** The server complains of something that is not a subscription. */
  | { kind: 'error'; detail: string }
  /** A sign of life without a trade; a venue may say with it which trade of a symbol was the last. */
  | { kind: 'heartbeat'; symbol?: string; lastTradeId?: number }
  /** What the venue says of itself: `online` or another word; `upcoming` is a line about announced maintenance, or empty. */
  | { kind: 'venue_state'; state: string; upcoming: string }

/** Where a decoder puts what a frame says. Each frame ends in at least one call, so that nothing is passed over in silence. */
export interface Sink {
  /** One trade. The decoder has set what the frame states; `venue`, `receivedAtMicros` and `origin` are the sink's to set. */
  trade(trade: TradeDraft): void
  /** A frame, or one item of it, that is not what the venue's document says. `raw` is the item, if not the whole frame. */
  refuse(reason: Refusal, detail: string, raw?: string): void
  /** A message about the connection. */
  control(control: Control): void
  /** A message of a kind we know and do not record (a book update, a ticker). */
  ignore(): void
  /** A decimal of more significant digits than a double keeps exactly. */
  imprecise(): void
}

/** What the venue allows, from its documents. A missing limit means that none is stated. */
export interface Limits {
  /** Symbols on one connection; more are spread over several. */
  symbolsPerConnection: number
  /** Frames we may send in a second. */
  framesPerSecond: number
  /** Connections opened within five minutes from one address. */
  connectsPerFiveMinutes?: number
  /** The server cuts a connection of this age: it is replaced before, with an overlap. */
  connectionAgeMsMax?: number
}

export interface Venue {
  /** As stored in the table: lower case. */
  readonly name: string
  /** The venue's own addresses; `TICKHOUSE_<VENUE>_WS` and `_REST` replace them. */
  readonly ws: string
  readonly rest: string
  readonly ids: IdKind
  readonly limits: Limits
  /** Longest time without any frame, in ms, before a connection counts as dead, where the venue promises signs of life. */
  readonly silenceMsMax: number
  /** Symbols recorded when a user names the venue without any, and on a first run. */
  readonly defaultSymbols: readonly string[]
  /** Does the venue confirm or refuse each symbol asked for? */
  readonly acknowledges: boolean
  /** What the venue lists. */
  readonly symbolList: SymbolList
  /** Set where every symbol is spelled in capitals. */
  readonly spelling?: 'capitals'
  /** The address to connect to. `base` is the venue's or the configured one, without a trailing slash. */
  url(base: string, symbols: readonly string[]): string
  /** Frames to send once connected; empty where the address carries the subscription. */
  subscribe(symbols: readonly string[]): readonly string[]
  /** Frames that ask for symbols again on an open connection. */
  resubscribe(symbols: readonly string[]): readonly string[]
  /** A frame to send every `everyMs` to stay connected, where the venue wants one beside WebSocket pings. */
  readonly keepAlive?: { everyMs: number; frame: string }
  /** A frame that holds an item as `refuse` was given it, where frames hold several. */
  frameOf?(item: string): string
  /** Reads one frame. Never throws. */
  decode(frame: Buffer, out: Sink): void
}
