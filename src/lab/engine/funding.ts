/** Payments for holding perpetuals: at its time the buyers of a contract pay the sellers a share of its value. */
import { divided, type Instrument, MONEY_DECIMALS, rescaled } from '../market/instrument.ts'

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
export function received(payment: FundingPayment, quantity: bigint, of: Instrument): bigint {
  const units = (value: number, decimals: number) => BigInt(Math.round(value * 10 ** decimals))
  const [rate, price] = [units(payment.rate, RATE_DECIMALS), units(payment.price, PRICE_DECIMALS)]
  const decimals = RATE_DECIMALS + of.quantityDecimals + of.sizeDecimals
  const exact = -rate * quantity * of.size
  if (!of.isInverse) return rescaled(exact * price, decimals + PRICE_DECIMALS, MONEY_DECIMALS)
  if (price <= 0n) return 0n
  return divided(exact * 10n ** BigInt(PRICE_DECIMALS + MONEY_DECIMALS), price * 10n ** BigInt(decimals))
}
