/** Binance's decimals: eight digits after the point. */

/** One decimal unit of Binance's texts: a price or volume is a whole number of these. */
export const UNITS_PER_ONE = 100_000_000

/** A count of units as Binance writes it: eight decimals. */
export function unitsText(units: number): string {
  const whole = Math.floor(units / UNITS_PER_ONE)
  return `${whole}.${String(units - whole * UNITS_PER_ONE).padStart(8, '0')}`
}
