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
  const divisor = 10n ** BigInt(from - to)
  const magnitude = units < 0n ? -units : units
  const [quotient, rest] = [magnitude / divisor, magnitude % divisor]
  const up = 2n * rest > divisor || (2n * rest === divisor && quotient % 2n === 1n)
  const rounded = quotient + (up ? 1n : 0n)
  return units < 0n ? -rounded : rounded
}

/** Price · quantity in units of money. */
export function notionalOf(price: bigint, quantity: bigint, of: Instrument): bigint {
  return rescaled(price * quantity, of.priceDecimals + of.quantityDecimals, MONEY_DECIMALS)
}

export function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}
