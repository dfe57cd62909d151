/** An instrument of a portfolio, and the whole units in which its prices, quantities and money are counted. */
import { TickhouseError } from '../../errors.ts'

/** Money is counted in units of 10^-8 of the currency. */
export const MONEY_DECIMALS = 8

export interface Instrument {
  /** Its place in the engine's arrays. */
  readonly index: number
  readonly venue: string
  readonly symbol: string
  /** Prices are whole units of 10^-priceDecimals, quantities of 10^-quantityDecimals. */
  readonly priceDecimals: number
  readonly quantityDecimals: number
  /** Smallest step of an order's price and quantity, in these units. */
  readonly tick: bigint
  readonly lot: bigint
  /** What a quantity of 1 stands for, in whole units of 10^-sizeDecimals: coins, or of an inverse contract money of the price's currency. */
  readonly size: bigint
  readonly sizeDecimals: number
  /** Counted in money of the price's currency and settled in the coin: worth its size divided by the price. */
  readonly isInverse: boolean
}

/** As text: `binance:BTCUSDT`. */
export const nameOf = ({ venue, symbol }: Pick<Instrument, 'venue' | 'symbol'>): string => `${venue}:${symbol}`

/** Venue and symbol of such a text. Symbols may have colons of their own. */
export function partsOf(name: string): { venue: string; symbol: string } {
  const colon = name.indexOf(':')
  return { venue: name.slice(0, colon), symbol: name.slice(colon + 1) }
}

/** With more, two decimals may be one double. */
const DIGITS_MAX = 15

/**
 * A double as whole units of 10^-decimals: the decimal that it stands for. Throws `usage` if it has more decimals: the
 * instrument's size is stated wrongly.
 */
export function unitsOf(value: number, decimals: number, what: string): bigint {
  const units = Math.round(value * 10 ** decimals)
  const exact = Number.isSafeInteger(units) && Math.abs(units / 10 ** decimals - value) <= Math.abs(value) * 1e-15
  if (exact) return BigInt(units)
  throw new TickhouseError(
    'usage',
    `${what} ${value} has more than ${decimals} decimals, or more than ${DIGITS_MAX} digits`,
    'State tick_size and lot_size of the instrument in the portfolio.',
  )
}

/** The nearest double to whole units. */
export function numberOf(units: bigint, decimals: number): number {
  return Number(units) / 10 ** decimals
}

/** Whole units as decimal text with all its decimals: `-0.01000000`. */
export function decimalText(units: bigint, decimals: number): string {
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const text = decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`
  return units < 0n ? `-${text}` : text
}

/** Units of a finer scale in units of a coarser one, to the nearest; halves to the even one. Exact towards a finer scale. */
export function rescaled(units: bigint, from: number, to: number): bigint {
  if (to >= from) return units * 10n ** BigInt(to - from)
  return divided(units, 10n ** BigInt(from - to))
}

/** To the nearest, halves to the even one. The divisor is above 0. */
export function divided(units: bigint, divisor: bigint): bigint {
  const magnitude = units < 0n ? -units : units
  const [quotient, rest] = [magnitude / divisor, magnitude % divisor]
  const up = 2n * rest > divisor || (2n * rest === divisor && quotient % 2n === 1n)
  const rounded = quotient + (up ? 1n : 0n)
  return units < 0n ? -rounded : rounded
}

/**
 * What a quantity is worth at a price, units of money to the nearest, halves to the even one: price · quantity · size, of an inverse contract quantity · size / price, and
 * 0 where that has no price. It has the quantity's sign.
 */
export function notionalOf(price: bigint, quantity: bigint, of: Instrument, priceDecimals = of.priceDecimals): bigint {
  const { size, isInverse } = of
  const decimals = of.quantityDecimals + of.sizeDecimals
  if (!isInverse) return rescaled(price * quantity * size, priceDecimals + decimals, MONEY_DECIMALS)
  if (price <= 0n) return 0n
  return divided(quantity * size * 10n ** BigInt(priceDecimals + MONEY_DECIMALS), price * 10n ** BigInt(decimals))
}

/** How much of an instrument is worth so much money at a price; both may be negative. */
export function quantityOf(money: number, price: number, { size, sizeDecimals, isInverse }: Instrument): number {
  const one = numberOf(size, sizeDecimals)
  return isInverse ? (money * price) / one : money / (price * one)
}

export function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}
