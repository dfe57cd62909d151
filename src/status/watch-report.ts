/**
 * What a watcher knows of a house, as it tells the house itself, so that the page shows it: `PUT /api/watch` with a `WatchReport`
 * as JSON after each probe. Types only: the house and the page import these.
 */

/** `warning`: somebody should look today. `critical`: the market is not being recorded or seen, or will soon not be. */
export type Severity = 'warning' | 'critical'

/** A thing that is wrong now, told once when it began, again at intervals, and once more when it is over. */
export interface Alert {
  /** What it is called, for silences and in messages: such as `house_down`, or `stale` for symbols without fresh ticks. */
  name: string
  severity: Severity
  /** One line of plain text. */
  title: string
  /** What happened: plain text, one or more sentences. */
  what: string
  /** Since when it is so, ms since 1970 UTC: the moment it began, not the one it was noticed, where that is known. */
  sinceMs: number
  /** What it concerns, such as `binance BTCUSDT`; at most 50 names. */
  affected: readonly string[]
  /** What a person should do next: plain text. */
  next: string
  /** Where that is explained: an address, or a page of the documentation such as `docs/watch.md#house_down`. */
  page: string
  /** Until when messages about it are kept back on request, ms since 1970 UTC; null if they are sent. */
  silencedUntilMs: number | null
}

/** How much of a UTC day the house was well: recording, storing and fresh. */
export interface DayAvailability {
  /** `YYYY-MM-DD`, UTC. */
  day: string
  /** Of the time watched, 0 to 1. */
  ratio: number
  /** How much of the day was watched, ms. */
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
  /** The last days, oldest first; days not watched are not there. */
  availability: readonly DayAvailability[]
}
