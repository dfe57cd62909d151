/** What is known of every symbol's rhythm: hours of its ticks, asked of the house, each closed hour once. */
import { readJson, writeJson } from '../files.ts'
import type { InstanceClient, SymbolHour } from '../instance-client.ts'
import { allowedSilenceMs, type HourOfTicks, isThisHour } from './gap-model.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DAYS_KEPT = 8
/** The hour that runs is asked anew this often, and oftener while the watcher is new and may know nothing else. */
const RUNNING_EVERY_MS = 10 * 60_000
const NEW_EVERY_MS = 60_000
const NEW_MS = 15 * 60_000
/** An hour is asked for the last time so long after its end: ticks may be stored late. */
const CLOSED_AFTER_MS = 60_000
/** Hours asked in one probe: a watcher that begins takes some probes to learn the days before. */
const HOURS_PER_PROBE = 4

/** An hour as it was asked. */
export interface KnownHour {
  hourMs: number
  /** When it was asked, by the house's clock. */
  askedMs: number
  symbols: readonly SymbolHour[]
}

export class GapModels {
  readonly #file: string
  readonly #hours: Map<number, KnownHour>
  /** The same by symbol: each probe looks every one up. */
  #bySymbol = new Map<string, HourOfTicks[]>()
  #known: ReadonlySet<number> = new Set()
  readonly #beganMs: number

  /** Begins with what its file holds; with nothing where that cannot be read: it can be learned again. */
  static async open(file: string, nowMs: number): Promise<GapModels> {
    const kept = await readJson(file).catch(() => undefined)
    return new GapModels(file, (Array.isArray(kept) ? kept : []) as readonly KnownHour[], nowMs)
  }

  private constructor(file: string, hours: readonly KnownHour[], nowMs: number) {
    this.#file = file
    this.#hours = new Map(hours.map(hour => [hour.hourMs, hour]))
    this.#beganMs = nowMs
    this.#index()
  }

  /** Asks for what is not known and matters now; true if there was something. Throws NoAnswer. */
  async learn(house: Pick<InstanceClient, 'hour'>, nowMs: number): Promise<boolean> {
    // What a clock that was ahead asked for was not over, whatever it said.
    for (const { hourMs, askedMs } of this.#hours.values())
      if (hourMs < nowMs - DAYS_KEPT * DAY_MS || askedMs > nowMs) this.#hours.delete(hourMs)
    const due = wantedHours(nowMs).filter(hourMs => this.#isDue(hourMs, nowMs))
    try {
      for (const hourMs of due.slice(0, HOURS_PER_PROBE))
        this.#hours.set(hourMs, { hourMs, askedMs: nowMs, symbols: await house.hour(hourMs) })
    } finally {
      this.#index()
    }
    return due.length > 0
  }

  /** Writes its file. */
  async keep(): Promise<void> {
    await writeJson(this.#file, [...this.#hours.values()])
  }

  /** How long a symbol may be silent now, ms; null as long as too little is known of it. */
  allowedMs(venue: string, symbol: string, nowMs: number, leastMs: number): number | null {
    return allowedSilenceMs(this.#bySymbol.get(keyOf(venue, symbol)) ?? [], this.#known, nowMs, leastMs)
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
    const closedMs = hourMs + HOUR_MS + CLOSED_AFTER_MS
    if (known.askedMs >= closedMs) return false
    if (nowMs >= closedMs) return true
    return nowMs - known.askedMs >= (nowMs - this.#beganMs < NEW_MS ? NEW_EVERY_MS : RUNNING_EVERY_MS)
  }
}

function keyOf(venue: string, symbol: string): string {
  return `${venue}:${symbol}`
}

/** The hours that say how a symbol behaves at a moment, the nearest first. */
function wantedHours(nowMs: number): number[] {
  const running = Math.floor(nowMs / HOUR_MS) * HOUR_MS
  const all = Array.from({ length: 24 * (DAYS_KEPT - 1) }, (_, back) => running - back * HOUR_MS)
  return all.filter((hourMs, back) => back < 2 || isThisHour(hourMs, nowMs))
}
