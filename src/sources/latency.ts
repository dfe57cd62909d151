/**
 * Latency of trades from the venue's clock to our socket, over the last seconds. Negative where the venue's clock is
 * ahead: not clamped.
 */

/** Samples per window; beyond that a random sample of its trades. */
const SAMPLES_MAX = 512

class Window {
  readonly samples = new Float64Array(SAMPLES_MAX)
  count = 0
  max = Number.NEGATIVE_INFINITY
  sinceMs = 0

  restart(nowMs: number): void {
    this.count = 0
    this.max = Number.NEGATIVE_INFINITY
    this.sinceMs = nowMs
  }
}

/** Covers the current window and the one before: between one and two window lengths. */
export class Latency {
  readonly #windowMs: number
  #current = new Window()
  #before = new Window()

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** Adds one trade; `nowMs` is of any clock, the same in each call. */
  add(latencyMs: number, nowMs: number): void {
    if (nowMs - this.#current.sinceMs >= this.#windowMs) this.#rotate(nowMs)
    const window = this.#current
    const index = window.count < SAMPLES_MAX ? window.count : Math.floor(Math.random() * window.count)
    if (index < SAMPLES_MAX) window.samples[index] = latencyMs
    window.count++
    if (latencyMs > window.max) window.max = latencyMs
  }

  /** Null without trades in that time. The maximum is exact, the quantiles are those of the samples. */
  quantiles(nowMs: number): { p50: number; p99: number; max: number } | null {
    if (nowMs - this.#current.sinceMs >= this.#windowMs) this.#rotate(nowMs)
    const both = [this.#current, this.#before].filter(window => window.count > 0)
    const sorted = new Float64Array(both.length * SAMPLES_MAX)
    let length = 0
    for (const { samples, count } of both) {
      sorted.set(samples.subarray(0, Math.min(count, SAMPLES_MAX)), length)
      length += Math.min(count, SAMPLES_MAX)
    }
    if (length === 0) return null
    const values = sorted.subarray(0, length).sort()
    const at = (share: number) => values[Math.min(length - 1, Math.floor(length * share))]!
    return { p50: at(0.5), p99: at(0.99), max: Math.max(...both.map(window => window.max)) }
  }

  #rotate(nowMs: number): void {
    const stale = nowMs - this.#current.sinceMs >= 2 * this.#windowMs
    const freed = this.#before
    this.#before = this.#current
    this.#current = freed
    this.#current.restart(nowMs)
    if (stale) this.#before.restart(nowMs)
  }
}
