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
