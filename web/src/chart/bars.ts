/** The chart's history: what the server sent, scrolled-back bars before it and live bars after it, as one run by time. */
import type { Bar, SpreadBar } from '../../../src/serve/page/protocol.ts'

/** Above this many bars nothing more is scrolled in, and live bars push out the oldest. */
export const BARS_MAX = 20_000
/** Dropping from the front redraws everything, so this many go together. */
const DROP_BARS = 2_000

/** `all`: redraw. Else only these are new or changed, oldest first. */
export type BarChange = 'all' | { bars: Bar[]; spreads: SpreadBar[] }

export class BarHistory {
  bars: Bar[] = []
  /** The spread by the times of bars; not all bars have one. */
  readonly spreads = new Map<number, number>()
  /** False until the server has answered for the present view. */
  loaded = false
  /** True once the server had nothing older to give. */
  complete = false
  #listeners = new Set<(change: BarChange) => void>()

  /** Calls back on each change, until the returned function is called. */
  subscribe(listener: (change: BarChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Forgets everything: another view is coming. */
  clear(): void {
    this.bars = []
    this.spreads.clear()
    this.loaded = false
    this.complete = false
    this.#tell('all')
  }

  /** Takes the server's history. Older bars that were scrolled in stay, if the two overlap: a chart has no hidden hole. */
  replace(bars: Bar[], spreads: SpreadBar[] = []): void {
    const firstMs = bars[0]?.[0] ?? Number.POSITIVE_INFINITY
    const joins = this.bars.length > 0 && this.bars.at(-1)![0] >= firstMs
    if (!joins) this.complete = false
    this.bars = joins ? [...this.bars.filter(bar => bar[0] < firstMs), ...bars] : bars
    if (!joins) this.spreads.clear()
    this.#addSpreads(spreads)
    this.loaded = true
    this.#tell('all')
  }

  /** Puts older bars in front: the answer to scrolling back. Empty means there are none. */
  prepend(bars: Bar[], spreads: SpreadBar[] = []): void {
    const firstMs = this.bars[0]?.[0] ?? Number.POSITIVE_INFINITY
    const older = bars.filter(bar => bar[0] < firstMs)
    if (older.length === 0) {
      this.complete = true
      return
    }
    this.bars = [...older, ...this.bars]
    this.#addSpreads(spreads)
    this.#tell('all')
  }

  /** Sets the bars that changed, oldest first. A bar older than all that is shown is left out: it can be scrolled to. */
  update(changed: Bar[], spreads: SpreadBar[] = []): void {
    if (!this.loaded) return
    this.#addSpreads(spreads)
    const drawn: Bar[] = []
    let inserted = false
    for (const bar of changed) {
      const place = this.#placeOf(bar[0])
      if (place === 0 && this.bars.length > 0 && this.bars[0]![0] !== bar[0]) continue
      const replaces = this.bars[place]?.[0] === bar[0]
      // A late trade may open a bar between two others: the chart can only change or append.
      if (!replaces && place < this.bars.length) inserted = true
      this.bars.splice(place, replaces ? 1 : 0, bar)
      drawn.push(bar)
    }
    if (this.bars.length > BARS_MAX + DROP_BARS) {
      this.bars = this.bars.slice(-BARS_MAX)
      for (const timeMs of this.spreads.keys()) if (timeMs < this.bars[0]![0]) this.spreads.delete(timeMs)
      this.complete = false
      this.#tell('all')
    } else if (inserted) this.#tell('all')
    else if (drawn.length > 0 || spreads.length > 0) this.#tell({ bars: drawn, spreads })
  }

  #addSpreads(spreads: SpreadBar[]): void {
    for (const [timeMs, spread] of spreads) this.spreads.set(timeMs, spread)
  }

  /** The first place whose bar is not before `timeMs`; looked for from the end, where live bars fall. */
  #placeOf(timeMs: number): number {
    let place = this.bars.length
    while (place > 0 && this.bars[place - 1]![0] >= timeMs) place--
    return place
  }

  #tell(change: BarChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}
