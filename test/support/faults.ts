/** Shared by all fault tests: number of rounds, a seed, and a line at the end with the faults tried and the result. */
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Random } from '../../src/simulator/random.ts'
import type { PositionResult, TradeResult } from './judges/oracle.ts'

/** FAULT_ROUNDS=long tries hundreds of times what the normal run tries a few times. */
export const LONG = process.env.FAULT_ROUNDS === 'long'

export const rounds = (normal: number, long: number): number => (LONG ? long : normal)

/** The faults' own choice of places and moments. FAULT_SEED repeats a run. */
export class Schedule {
  readonly seed: number
  readonly #random: Random

  constructor(t: TestContext) {
    this.seed = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31))
    this.#random = new Random(this.seed, t.name)
    t.diagnostic(`seed ${this.seed}: FAULT_SEED=${this.seed} repeats it`)
  }

  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number {
    return Math.floor(this.#random.uniform() * below)
  }

  /** The moment of a fault: nothing is awaited, the length itself is what is tried. */
  async moment(msMax: number): Promise<void> {
    await setTimeout(this.below(msMax))
  }
}

/** Prints the faults tried and the result for the ticks. */
export function report(t: TestContext, tried: string, positions: PositionResult, trades?: TradeResult): void {
  const made = trades ? `, against the seed: missing ${trades.missing.length}, changed ${trades.changed}` : ''
  t.diagnostic(
    `${tried}: ${positions.ticks} ticks in the log, lost ${positions.lost}, doubled ${positions.doubled}${made}`,
  )
}
