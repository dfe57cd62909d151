/**
 * How long ticks wait for their insert. An insert costs the same however few ticks it has, so they wait longer while nobody reads the
 * tables. What waits is in the log; the first read has it stored before (`Ingest.beforeRead`).
 */
import type { Clock } from '../clock.ts'

/** Who has read is expected to read again within this time: dashboards refresh every few seconds. */
const AGAIN_MS_MAX = 10_000

/** Ages at which a batch is cut, ms. */
export interface BatchAges {
  /** While somebody reads. */
  readMs: number
  /** While nobody does. */
  unreadMs: number
}

export class Readers {
  readonly #ages: BatchAges
  readonly #clock: Pick<Clock, 'elapsedMs'>
  #staying = 0
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(ages: BatchAges, clock: Pick<Clock, 'elapsedMs'>) {
    this.#ages = ages
    this.#clock = clock
  }

  /** The age at which a batch is cut now, ms. */
  get ageMsMax(): number {
    return this.#areExpected ? this.#ages.readMs : this.#ages.unreadMs
  }

  /** Notes a read. True if none was expected: ticks may have waited longer than while somebody reads. */
  note(): boolean {
    const isFirst = !this.#areExpected
    this.#lastMs = this.#clock.elapsedMs()
    return isFirst
  }

  /** Notes one who reads until the returned function is called. */
  stay(): () => void {
    this.#staying++
    let left = false
    return () => {
      if (left) return
      left = true
      this.#staying--
    }
  }

  get #areExpected(): boolean {
    return this.#staying > 0 || this.#clock.elapsedMs() - this.#lastMs <= AGAIN_MS_MAX
  }
}
