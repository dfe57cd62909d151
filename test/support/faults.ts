/** What all fault tests share: how long they run, one seed each, and one line at the end that says what was tried. */
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Random } from '../../src/simulator/random.ts'
import type { PlaceVerdict, TradeVerdict } from './judges/oracle.ts'

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

/** Prints what was tried and what became of the ticks. */
export function report(t: TestContext, tried: string, places: PlaceVerdict, trades?: TradeVerdict): void {
  const made = trades ? `, against the seed: missing ${trades.missing.length}, changed ${trades.changed}` : ''
  t.diagnostic(`${tried}: ${places.ticks} ticks in the log, lost ${places.lost}, doubled ${places.doubled}${made}`)
}
