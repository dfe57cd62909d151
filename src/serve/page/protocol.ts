/**
 * The protocol of server and page. The page opens one event stream (GET `/api/live`, server-sent events); the name of
 * an event is a key of `Messages`, its data is that type as JSON. Times are ms since 1970 UTC.
 *
 * GET `/api/live?venue=&symbol=&interval=` is a view; each view has its own stream. Default symbol: the busiest.
 */

import type { StageStatuses } from '../../status/model.ts'
import type { WatchReport } from '../../status/watch-report.ts'
import type { Level, Stage } from '../../telemetry/events.ts'
import type { LogEntry } from '../../telemetry/journal.ts'

/** Candle intervals in seconds, by the name the page and the address bar use. */
export const INTERVALS = { '1s': 1, '10s': 10, '1m': 60, '5m': 300, '1h': 3600, '1d': 86_400 } as const
export type Interval = keyof typeof INTERVALS

/** open time (ms), open, high, low, close, volume, trades */
export type Bar = [
  timeMs: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  trades: number,
]

/** time (ms), price, volume, side (0 unknown, 1 buy, 2 sell), trade id as text */
export type Print = [timeMs: number, price: number, volume: number, side: number, tradeId: string]

/** One symbol of the watch list. */
export interface SymbolStatus {
  /** Its number in the process that serves the page, for `SymbolChange`. */
  index: number
  venue: string
  symbol: string
  last: number
  /** Price 24 hours ago, or the oldest known: for the change. */
  reference: number
  /** The most digits after the decimal point in prices so far. */
  decimals: number
  side: number
  ticksPerSecond: number
  /** Trades stored. */
  trades: number
  /** 0 before the first trade, as `last` and `reference`. */
  lastAtMs: number
  /** Open gaps of trade ids; null if the venue's ids do not show missing trades. */
  gaps: number | null
  /** Best bid and ask; 0 before the first quote. */
  bid: number
  bidSize: number
  ask: number
  askSize: number
  quotesPerSecond: number
  /** When the quote was received. */
  quotedAtMs: number
  /** Recent closes, oldest first, for a sparkline: see `sparks`. */
  spark?: number[]
}

/** What changes of a `SymbolStatus`, in short, since thousands are sent. */
export type SymbolChange = [
  index: number,
  last: number,
  reference: number,
  decimals: number,
  side: number,
  ticksPerSecond: number,
  trades: number,
  lastAtMs: number,
  gaps: number | null,
  bid: number,
  bidSize: number,
  ask: number,
  askSize: number,
  quotesPerSecond: number,
  quotedAtMs: number,
]

/** Best bid and ask of the symbol in view: when received (ms), bid, bid size, ask, ask size */
export type BestQuote = [timeMs: number, bid: number, bidSize: number, ask: number, askSize: number]

/** A bar's open time (ms), and the spread in basis points of the middle price, averaged over the bar's time. */
export type SpreadBar = [timeMs: number, basisPoints: number]

/** One second of the pipeline's history. */
export interface Sample {
  atMs: number
  received: number
  stored: number
  refused: number
  lagMs: number
  logBytes: number
  storeBytes: number
}

export type { LogEntry }

export interface Messages {
  /** First, once. */
  hello: {
    /** Names this stream: see PUT `/api/visible`. */
    stream: string
    version: string
    engine: string
    startedAtMs: number
    /** Set while simulated data is recorded: why, and how to go live. */
    simulated: { why: string; advice: string } | null
    view: { venue: string; symbol: string; interval: Interval } | null
    samples: Sample[]
    lines: LogEntry[]
    /** The server's clock, ms: the page computes ages from it. */
    nowMs: number
  }
  /** Twice a second. */
  stations: StageStatuses
  /** All symbols once, then new ones, twice a second. */
  symbols: { reset: boolean; symbols: SymbolStatus[] }
  /** Symbols that changed: visible ones four times a second, the others every two seconds. */
  changes: SymbolChange[]
  /** Sparklines of visible symbols, by index: when they become visible, then every 10 s. */
  sparks: [index: number, closes: number[]][]
  /**
   * The chart's history, replacing the previous one: up to 1,000 bars, oldest first, and the spread of up to as many.
   * Sent again when late ticks change old bars.
   */
  bars: { bars: Bar[]; spreads: SpreadBar[] }
  /**
   * When ticks are stored, at most 10 times a second: the changed bars, oldest first, new prints, the newest quote (null
   * if there is no new one).
   */
  update: {
    bars: Bar[]
    spreads: SpreadBar[]
    quote: BestQuote | null
    prints: Print[]
    /** Further prints since the last update: more than a screen can show. */
    skipped: number
  }
  /** The newest prints, newest first, once per view. */
  prints: { prints: Print[] }
  /** Each second. */
  sample: Sample
  /** The reports of watchers, first and after each change; empty if no watcher runs. */
  watch: WatchReport[]
  /** New log entries. */
  lines: LogEntry[]
}

/** GET `/api/bars?venue=&symbol=&interval=&before=<ms>` → older bars for scrolling back, oldest first, up to 1,000. */
export interface BarsAnswer {
  bars: Bar[]
  spreads: SpreadBar[]
}

/** PUT `/api/visible`: which symbols a page shows, by index, so that these are pushed more often. */
export interface VisibleSymbols {
  /** Of `hello`. */
  stream: string
  symbols: number[]
}

/** A log entry from the tables. */
export interface StoredLogEntry {
  atMs: number
  level: Level
  station: Stage
  process: string
  event: string
  text: string
}

/** GET `/api/lines?text=&level=&station=&before=<ms>` → up to 200 earlier log entries with all words, oldest first. */
export interface LogEntriesAnswer {
  lines: StoredLogEntry[]
  /** No entry between this time and the first one matches: `before` of the next query. */
  searchedToMs: number
}

/** Seconds of a period in which tickhouse ran, recorded and stored. */
export interface UptimePeriod {
  startMs: number
  covered: number
  recorded: number
  stored: number
}

/** GET `/api/uptime?days=90` → UTC days with any uptime, and quarter hours of the last day; oldest first. */
export interface UptimeAnswer {
  days: UptimePeriod[]
  recent: UptimePeriod[]
}

/** GET `/api/gaps` → the gaps found last with ids that are missing, newest first. Ids are texts: they may be beyond 2^53. */
export interface MissingTrades {
  venue: string
  symbol: string
  first: string
  last: string
  missing: number
  /** Ids that reached the log and are in quarantine. */
  refused: number
  state: 'open' | 'unrepairable'
  reason: string
  /** Empty if not known: see docs/repair.md. */
  cause: string
  detail: string
  foundAtMs: number
}

/** GET `/api/slices` → the objects verified last, newest first. */
export interface ArchivedSegment {
  kind: string
  partition: number
  startMs: number
  rows: number
  bytes: number
  state: string
  key: string
  sha256: string
  verifiedAtMs: number
}
