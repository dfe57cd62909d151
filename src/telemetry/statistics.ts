/** Running statistics: a rate over the last seconds, and quantiles of recent values. */

const SLOTS = 10
const SLOT_MS = 500
/** During the first second the count is divided by a whole one: a shorter time gives no useful rate. */
const COVERED_MS_MIN = 1_000

/** A total, and the rate per second over the last 5 s. `nowMs` is from one monotonic clock in all calls. */
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
    // The current slot has only begun: only the elapsed part of it counts.
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

/** The last `valuesMax` values, for their quantiles. */
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
    const count = Math.min(this.#count, this.#values.length)
    if (count === 0) return null
    const sorted = this.#values.slice(0, count).sort()
    const at = (share: number) => sorted[Math.min(count - 1, Math.floor(count * share))]!
    return { p50: at(0.5), p99: at(0.99), max: sorted[count - 1]! }
  }
}

/** The quantiles with the highest median; null if there are none. */
export function slowest<Quantiles extends { p50: number }>(quantiles: readonly Quantiles[]): Quantiles | null {
  return quantiles.toSorted((a, b) => b.p50 - a.p50)[0] ?? null
}
