/**
 * What the server and the page say to each other. The page opens one event stream (`GET /api/live`, server-sent events);
 * each event's name is a key of `Messages`, its data that type as JSON. Times are ms since 1970 UTC.
 *
 * `GET /api/live?venue=&symbol=&interval=` — the view; another view is another stream. Without venue and symbol, the busiest.
 */

import type { StageStatuses } from '../../status/model.ts'
import type { WatchReport } from '../../status/watch-report.ts'
import type { Level, Stage } from '../../telemetry/events.ts'
import type { LogLine } from '../../telemetry/journal.ts'

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
  venue: string
  symbol: string
  last: number
  /** Price 24 hours ago, or the oldest held: for the change. */
  reference: number
  /** Digits after the point in this instrument's prices, as seen. */
  decimals: number
  side: number
  ticksPerSecond: number
  /** Trades held. */
  trades: number
  lastAtMs: number
  gaps: number
  /** Recent closes, oldest first, for a sparkline; sent with the first message and then about every 10 s. */
  spark?: number[]
}

/** One second of the house's history. */
export interface Sample {
  atMs: number
  received: number
  stored: number
  refused: number
  lagMs: number
  logBytes: number
  storeBytes: number
}

export type { LogLine }

export interface Messages {
  /** Once, first. */
  hello: {
    version: string
    engine: string
    startedAtMs: number
    /** Set while simulated data is recorded: the banner, and how to go live. */
    simulated: { why: string; advice: string } | null
    view: { venue: string; symbol: string; interval: Interval } | null
    samples: Sample[]
    lines: LogLine[]
    /** The server's clock, ms: the page tells ages by it. */
    nowMs: number
  }
  /** Twice a second. */
  stations: StageStatuses
  /** All symbols once, then those that changed, twice a second. */
  symbols: { reset: boolean; symbols: SymbolStatus[] }
  /** The chart's history: replaces what is shown. Oldest first, up to 1,000 bars. Sent anew when late ticks change old bars. */
  bars: { bars: Bar[] }
  /** As soon as something is stored, at most ten times a second: the bars that changed, oldest first, the last ones to show. */
  update: {
    bars: Bar[]
    prints: Print[] /** prints since the last update that were more than a screen can show */
    skipped: number
  }
  /** The newest prints, newest first, once per view. */
  prints: { prints: Print[] }
  /** Each second. */
  sample: Sample
  /** What watchers outside say, once and when one of them says something else; empty if none runs. */
  watch: WatchReport[]
  lines: LogLine[]
}

/** `GET /api/bars?venue=&symbol=&interval=&before=<ms>` → older bars for scrolling back, oldest first, up to 1,000. */
export interface BarsAnswer {
  bars: Bar[]
}

/** A line of an earlier time, from the tables. */
export interface StoredLogLine {
  atMs: number
  level: Level
  station: Stage
  process: string
  event: string
  text: string
}

/** `GET /api/lines?text=&level=&station=&before=<ms>` → up to 200 lines before that, oldest first; all words must occur. */
export interface LogLinesAnswer {
  lines: StoredLogLine[]
  /** Nothing between this and the first line matches: where the next question begins. */
  searchedToMs: number
}

/** How the house stood in a stretch of time, in seconds: seen running, and of that recording and storing. */
export interface UptimePeriod {
  startMs: number
  covered: number
  recorded: number
  stored: number
}

/** `GET /api/uptime?days=90` → UTC days in which anything ran, and quarters of an hour of the last day; oldest first. */
export interface UptimeAnswer {
  days: UptimePeriod[]
  recent: UptimePeriod[]
}

/** `GET /api/slices` → the objects verified last, newest first. */
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
