/** Small running figures for the stations to report: a rate over the last seconds, and quantiles of recent values. */

const SLOTS = 10
const SLOT_MS = 500
/** In its first second a rate would be a guess from too little. */
const COVERED_MS_MIN = 1_000

/** Counts, and how many a second over the last five; `nowMs` is of a clock that never falls, the same in each call. */
export class Rate {
  total = 0
  readonly #slots = new Float64Array(SLOTS)
  #slot = -1
  #sinceMs = 0

  add(count: number, nowMs = performance.now()): void {
    this.#roll(nowMs)
    this.total += count
    this.#slots[this.#slot % SLOTS]! += count
  }

  perSecond(nowMs = performance.now()): number {
    this.#roll(nowMs)
    let sum = 0
    for (const count of this.#slots) sum += count
    // The slot of now has only begun: it counts for as much of its time as has passed.
    const coveredMs = Math.min((SLOTS - 1) * SLOT_MS + (nowMs % SLOT_MS), nowMs - this.#sinceMs)
    return (sum * 1000) / Math.max(coveredMs, COVERED_MS_MIN)
  }

  #roll(nowMs: number): void {
    const slot = Math.floor(nowMs / SLOT_MS)
    if (this.#slot < 0) {
      this.#slot = slot
      this.#sinceMs = nowMs
    }
    for (let steps = Math.min(slot - this.#slot, SLOTS); steps > 0; steps--) this.#slots[(slot - steps + 1) % SLOTS] = 0
    this.#slot = Math.max(slot, this.#slot)
  }
}

/** The last values, up to a number, for their quantiles. */
export class Recent {
  readonly #values: Float64Array
  #count = 0

  constructor(valuesMax: number) {
    this.#values = new Float64Array(valuesMax)
  }

  add(value: number): void {
    this.#values[this.#count++ % this.#values.length] = value
  }

  /** Null before the first value. */
  quantiles(): { p50: number; p99: number; max: number } | null {
    const held = Math.min(this.#count, this.#values.length)
    if (held === 0) return null
    const sorted = this.#values.slice(0, held).sort()
    const at = (share: number) => sorted[Math.min(held - 1, Math.floor(held * share))]!
    return { p50: at(0.5), p99: at(0.99), max: sorted[held - 1]! }
  }
}

/** Of several, those of the slowest by the median; null of none. */
export function slowest<Quantiles extends { p50: number }>(quantiles: readonly Quantiles[]): Quantiles | null {
  return quantiles.toSorted((a, b) => b.p50 - a.p50)[0] ?? null
}
