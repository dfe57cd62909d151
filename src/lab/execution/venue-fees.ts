/** The fees of one strategy at one venue: by what it traded there in the 30 UTC days before, as venues count it. */
import type { FeeRates } from './rules.ts'

export interface FeeTier {
  /** Volume of 30 days from which on the rates apply, units of money. */
  from: bigint
  rates: FeeRates
}

const DAYS = 30
const MICROS_PER_DAY = 86_400_000_000

export class VenueFees {
  readonly #tiers: readonly FeeTier[]
  readonly #volume: bigint
  /** Value of the fills by day since 1970; of the last 30 days, and today. */
  readonly #traded = new Map<number, bigint>()
  #day = Number.NEGATIVE_INFINITY
  #rates: FeeRates

  /** `tiers` rise and begin at 0. `volume`: what is traded in 30 days beside the strategy, units of money. */
  constructor(tiers: readonly FeeTier[], volume: bigint) {
    this.#tiers = tiers
    this.#volume = volume
    this.#rates = tiers[0]!.rates
  }

  /** The rates of a fill of this value, which counts from the next day on. Times, µs since 1970 UTC, never run back. */
  take(notional: bigint, timeMicros: number): FeeRates {
    const day = Math.floor(timeMicros / MICROS_PER_DAY)
    if (day !== this.#day) this.#begin(day)
    this.#traded.set(day, (this.#traded.get(day) ?? 0n) + notional)
    return this.#rates
  }

  #begin(day: number): void {
    this.#day = day
    let volume = this.#volume
    for (const [before, traded] of this.#traded)
      if (before < day - DAYS) this.#traded.delete(before)
      else volume += traded
    this.#rates = this.#tiers.findLast(({ from }) => from <= volume)!.rates
  }
}
