/**
 * The report of a watcher to the instance it watches, for the page: `PUT /api/watch` with a `WatchReport` as JSON after
 * each probe. Types only: the watcher and the page import them.
 */

/** `warning`: look at it today. `critical`: the market is not recorded or visible, or soon will not be. */
export type Severity = 'warning' | 'critical'

/** A current fault, reported when it begins, at intervals, and when it is over. */
export interface Alert {
  /** Its name, for silences and messages: `house_down`, `stale` (symbols without fresh ticks), … */
  name: string
  severity: Severity
  /** One line of plain text. */
  title: string
  /** What happened: plain text, one or more sentences. */
  what: string
  /** Start of the fault, ms since 1970 UTC; its detection if the start is unknown. */
  sinceMs: number
  /** The affected symbols or processes, such as `binance BTCUSDT`; at most 50. */
  affected: readonly string[]
  /** The next step: plain text. */
  next: string
  /** The explanation: a URL, or a document such as `docs/watch.md#house_down`. */
  page: string
  /** Messages about it are silenced until then, ms since 1970 UTC; null if they are sent. */
  silencedUntilMs: number | null
}

/** Availability on a UTC day: recording, storing and fresh. */
export interface DayAvailability {
  /** `YYYY-MM-DD`, UTC. */
  day: string
  /** Share of the watched time, 0 to 1. */
  ratio: number
  /** Watched time of the day, ms. */
  watchedMs: number
}

export interface WatchReport {
  /** The host the watcher runs on. */
  watcher: string
  startedAtMs: number
  /** The watcher's clock. */
  atMs: number
  /** Worst first. */
  open: readonly Alert[]
  /** The last days, oldest first, without days that were not watched. */
  availability: readonly DayAvailability[]
}
