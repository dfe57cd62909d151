/** The gap model of every symbol: hourly summaries of its ticks, fetched from the instance, each past hour once. */
import { MS_PER_DAY, MS_PER_HOUR } from '../../clock.ts'
import { readJson, writeJson } from '../files.ts'
import type { InstanceClient, SymbolHour } from '../instance-client.ts'
import { allowedGapMs, type HourOfTicks, isThisHour } from './gap-model.ts'

const DAYS_KEPT = 8
/**
 * The current hour is fetched again at this interval, and more often while the watcher is new and may know no other
 * hour.
 */
const RUNNING_EVERY_MS = 10 * 60_000
const NEW_EVERY_MS = 60_000
const NEW_MS = 15 * 60_000
/** An hour is fetched for the last time this long after its end: ticks may be stored late. */
const CLOSED_AFTER_MS = 60_000
/** Hours fetched in one probe: a new watcher takes some probes to learn the previous days. */
const HOURS_PER_PROBE = 4

/** An hour as it was fetched. */
export interface KnownHour {
  hourMs: number
  /** When it was fetched, by the instance's clock. */
  fetchedMs: number
  symbols: readonly SymbolHour[]
}

export class GapModels {
  readonly #file: string
  readonly #hours: Map<number, KnownHour>
  /** The same by symbol: each probe reads all of them. */
  #bySymbol = new Map<string, HourOfTicks[]>()
  #known: ReadonlySet<number> = new Set()
  readonly #startedMs: number

  /** Reads the file. An unreadable one counts as empty: its content is learned again. */
  static async open(file: string, nowMs: number): Promise<GapModels> {
    const saved = await readJson(file).catch(() => undefined)
    return new GapModels(file, (Array.isArray(saved) ? saved : []) as readonly KnownHour[], nowMs)
  }

  private constructor(file: string, hours: readonly KnownHour[], nowMs: number) {
    this.#file = file
    this.#hours = new Map(hours.map(hour => [hour.hourMs, hour]))
    this.#startedMs = nowMs
    this.#index()
  }

  /** Fetches the hours that are missing and matter now; true if there were any. Throws NoAnswer. */
  async learn(instance: Pick<InstanceClient, 'hour'>, nowMs: number): Promise<boolean> {
    // An hour fetched while the clock was ahead was not over yet.
    for (const { hourMs, fetchedMs } of this.#hours.values())
      if (hourMs < nowMs - DAYS_KEPT * MS_PER_DAY || fetchedMs > nowMs) this.#hours.delete(hourMs)
    const due = wantedHours(nowMs).filter(hourMs => this.#isDue(hourMs, nowMs))
    try {
      for (const hourMs of due.slice(0, HOURS_PER_PROBE))
        this.#hours.set(hourMs, { hourMs, fetchedMs: nowMs, symbols: await instance.hour(hourMs) })
    } finally {
      this.#index()
    }
    return due.length > 0
  }

  /** Writes the file. */
  async save(): Promise<void> {
    await writeJson(this.#file, [...this.#hours.values()])
  }

  /** The longest normal gap of a symbol now, ms; null while too little is known. */
  allowedMs(venue: string, symbol: string, nowMs: number, leastMs: number): number | null {
    return allowedGapMs(this.#bySymbol.get(keyOf(venue, symbol)) ?? [], this.#known, nowMs, leastMs)
  }

  #index(): void {
    this.#known = new Set(this.#hours.keys())
    this.#bySymbol = Map.groupBy(
      [...this.#hours.values()].flatMap(({ symbols }) => symbols),
      ({ venue, symbol }) => keyOf(venue, symbol),
    )
  }

  #isDue(hourMs: number, nowMs: number): boolean {
    const known = this.#hours.get(hourMs)
    if (!known) return true
    const closedMs = hourMs + MS_PER_HOUR + CLOSED_AFTER_MS
    if (known.fetchedMs >= closedMs) return false
    if (nowMs >= closedMs) return true
    return nowMs - known.fetchedMs >= (nowMs - this.#startedMs < NEW_MS ? NEW_EVERY_MS : RUNNING_EVERY_MS)
  }
}

function keyOf(venue: string, symbol: string): string {
  return `${venue}:${symbol}`
}

/** The hours that show how a symbol behaves at a time of day, the nearest first. */
function wantedHours(nowMs: number): number[] {
  const running = Math.floor(nowMs / MS_PER_HOUR) * MS_PER_HOUR
  const all = Array.from({ length: 24 * (DAYS_KEPT - 1) }, (_, back) => running - back * MS_PER_HOUR)
  return all.filter((hourMs, back) => back < 2 || isThisHour(hourMs, nowMs))
}
