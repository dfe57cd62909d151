/** Which symbols of the watch list are pushed to pages, and when: see `Messages`. */
import type { SymbolChange, SymbolStatus } from '../protocol.ts'
import { SPARK_MAX, type SymbolSummary } from './symbol-summary.ts'
import type { Watchlist } from './watchlist.ts'

/** The most symbols that one page may have in sight. */
export const VISIBLE_MAX = 300
/** Symbols taken for visible until the page reports which are: the busiest, as the list is sorted at first. */
const VISIBLE_AT_FIRST = 40
const SPARKS_EVERY_MS = 10_000

export class SymbolPushes {
  readonly watchlist: Watchlist
  readonly #gapsOf: (venue: string, symbol: string) => number | null
  /** Symbols with a lower index were announced. */
  #announced = 0
  /** By index: the version that all pages have. */
  readonly #sent = new Map<number, number>()

  constructor(watchlist: Watchlist, gapsOf: (venue: string, symbol: string) => number | null) {
    this.watchlist = watchlist
    this.#gapsOf = gapsOf
  }

  all(): SymbolStatus[] {
    return Array.from(this.watchlist.all, summary => this.#status(summary))
  }

  /** Symbols that are new since the last call. */
  fresh(): SymbolStatus[] {
    const { indexes } = this.watchlist
    if (indexes === this.#announced) return []
    const fresh = Array.from(this.watchlist.all).filter(({ index }) => index >= this.#announced)
    this.#announced = indexes
    return fresh.map(summary => this.#status(summary))
  }

  /** Symbols that changed since the last call, and those whose rate still falls. */
  changes(): SymbolChange[] {
    const changes: SymbolChange[] = []
    for (const summary of this.watchlist.all) {
      if (this.#sent.get(summary.index) === summary.version && !summary.isActive) continue
      this.#sent.set(summary.index, summary.version)
      changes.push(this.change(summary))
    }
    // Symbols that left the list.
    if (this.#sent.size > 2 * this.watchlist.size) this.#sent.clear()
    return changes
  }

  change(summary: SymbolSummary): SymbolChange {
    return summary.change(this.#gapsOf(summary.venue, summary.symbol))
  }

  #status(summary: SymbolSummary): SymbolStatus {
    return summary.status(this.#gapsOf(summary.venue, summary.symbol))
  }
}

/** The symbols that one page shows. */
export class VisibleSymbols {
  readonly #pushes: SymbolPushes
  /** With the version that the page has. */
  #shown = new Map<SymbolSummary, number>()
  /** Symbols whose sparkline the page does not have. */
  #withoutSpark = new Set<SymbolSummary>()
  #sparksAtMs = performance.now()

  constructor(pushes: SymbolPushes) {
    this.#pushes = pushes
    const busiest = Array.from(pushes.watchlist.all, summary => ({ summary, rate: summary.rate.perSecond() }))
      .sort((a, b) => b.rate - a.rate)
      .slice(0, VISIBLE_AT_FIRST)
    for (const { summary } of busiest) this.#show(summary, summary.version)
  }

  choose(indexes: readonly number[]): void {
    const before = this.#shown
    this.#shown = new Map()
    for (const index of indexes) {
      const summary = this.#pushes.watchlist.at(index)
      if (summary) this.#show(summary, before.get(summary) ?? 0, before.has(summary))
    }
  }

  /** What changed since the last call. */
  changes(): SymbolChange[] {
    const changes: SymbolChange[] = []
    for (const [summary, version] of this.#shown) {
      if (summary.version === version) continue
      this.#shown.set(summary, summary.version)
      changes.push(this.#pushes.change(summary))
    }
    return changes
  }

  /** Sparklines that the page lacks; every ten seconds all of them. */
  sparks(): [number, number[]][] {
    const isDue = performance.now() - this.#sparksAtMs > SPARKS_EVERY_MS
    if (isDue) this.#sparksAtMs = performance.now()
    const wanted = isDue ? this.#shown.keys() : this.#withoutSpark
    const sparks = Array.from(wanted, ({ index, spark }): [number, number[]] => [index, spark.slice(-SPARK_MAX)])
    this.#withoutSpark = new Set()
    return sparks
  }

  #show(summary: SymbolSummary, version: number, hasSpark = false): void {
    this.#shown.set(summary, version)
    if (!hasSpark) this.#withoutSpark.add(summary)
  }
}
