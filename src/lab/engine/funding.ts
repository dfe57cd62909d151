/** Payments for holding perpetuals: at its time the buyers of a contract pay the sellers a share of its value. */
import { type Instrument, MONEY_DECIMALS, rescaled } from '../market/instrument.ts'

export interface FundingPayment {
  timeMicros: number
  /** Index of the instrument. */
  at: number
  /** Share of the position's value that buyers pay; below 0, sellers do. */
  rate: number
  /** Mark price by which the position is valued. */
  price: number
}

/** Rates and mark prices have at most so many decimals; exact with them. */
const RATE_DECIMALS = 12
const PRICE_DECIMALS = 8

/** What a position receives, units of money to the nearest: `quantity` is signed, in units of the instrument. */
export function received({ rate, price }: FundingPayment, quantity: bigint, { quantityDecimals }: Instrument): bigint {
  const units = (value: number, decimals: number) => BigInt(Math.round(value * 10 ** decimals))
  const exact = -units(rate, RATE_DECIMALS) * units(price, PRICE_DECIMALS) * quantity
  return rescaled(exact, RATE_DECIMALS + PRICE_DECIMALS + quantityDecimals, MONEY_DECIMALS)
}

/** The payments that are not made yet. */
export class Funding {
  /** When the next one is due, µs. */
  nextMicros = Number.POSITIVE_INFINITY
  readonly #pay: (payment: FundingPayment) => void
  #payments: readonly FundingPayment[] = []
  #next = 0

  constructor(pay: (payment: FundingPayment) => void) {
    this.#pay = pay
  }

  /** Further payments. Those of a time that is over are due now. */
  add(payments: readonly FundingPayment[]): void {
    if (payments.length === 0) return
    const all = [...this.#payments.slice(this.#next), ...payments]
    this.#payments = all.sort((a, b) => a.timeMicros - b.timeMicros || a.at - b.at)
    this.#next = 0
    this.nextMicros = this.#payments[0]!.timeMicros
  }

  /** Makes the next payment. */
  run(): void {
    const payment = this.#payments[this.#next++]!
    this.nextMicros = this.#payments[this.#next]?.timeMicros ?? Number.POSITIVE_INFINITY
    this.#pay(payment)
  }
}
