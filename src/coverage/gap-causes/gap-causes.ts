/**
 * Fills table `gap_causes`: each gap some time after its last change, in steps of bounded work. Gaps changed since are found by that
 * time; at the start and now and then, all of which no row is there, so that a restart or a restore leaves none out.
 */
import type { Store } from '../../store/store.ts'
import { causeAgain } from './cause.ts'
import { factsOf } from './facts.ts'
import { changedBetween, type PendingGap, unexplainedGaps, writeCauses } from './pending.ts'

/** After its change, a gap waits: events and samples are written every 5 to 10 seconds. */
const SETTLED_MICROS = 30e6
const GAPS_PER_STEP = 200
const ALL_EVERY_MICROS = 3_600e6

export interface GapCausesOptions {
  store: Store
  /** µs since 1970 UTC. */
  nowMicros: () => number
  /** For tests. */
  settledMicros?: number
  gapsPerStep?: number
}

export class GapCauses {
  readonly #options: GapCausesOptions
  /** All gaps changed until then have been looked at; undefined while all are searched. */
  #sinceMicros: number | undefined
  #searchedMicros = Number.NEGATIVE_INFINITY

  constructor(options: GapCausesOptions) {
    this.#options = options
  }

  /** Finds the causes of some gaps. True if more are left. Throws errors of the store: the step is repeated. */
  async step(): Promise<boolean> {
    const { store, nowMicros, settledMicros = SETTLED_MICROS, gapsPerStep = GAPS_PER_STEP } = this.#options
    const now = nowMicros()
    const untilMicros = now - settledMicros
    if (now - this.#searchedMicros >= ALL_EVERY_MICROS) this.#sinceMicros = undefined
    if (this.#sinceMicros === undefined) {
      const gaps = await unexplainedGaps(store, untilMicros, gapsPerStep)
      await this.#explain(gaps)
      if (gaps.length === gapsPerStep) return true
      this.#searchedMicros = now
      this.#sinceMicros = untilMicros
      return false
    }
    const gaps = await changedBetween(store, { sinceMicros: this.#sinceMicros, untilMicros }, gapsPerStep)
    await this.#explain(gaps)
    const more = gaps.length >= gapsPerStep
    this.#sinceMicros = more ? gaps.at(-1)!.changedMicros : untilMicros
    return more
  }

  async #explain(gaps: readonly PendingGap[]): Promise<void> {
    const { store, nowMicros } = this.#options
    const facts = await factsOf(store, gaps)
    const found = gaps.map(gap => {
      const known = facts.get(gap)!
      return { ...gap, ...causeAgain(gap.known, known), refused: Math.max(gap.known.refused, known.refused.count) }
    })
    await writeCauses(store, found, nowMicros())
  }
}
