/** The worth of a position. No drawing. */
import type { LabPosition } from '../../../src/serve/lab/protocol.ts'

/** What a position is worth at a price and what it has won; null where the price or its contract is not known. */
export function worthOf({ quantity, paid, contract }: LabPosition, price: number | undefined) {
  if (price === undefined || !(price > 0) || !contract) return null
  const { size, isInverse } = contract
  const value = isInverse ? (-quantity * size) / price : quantity * size * price
  return { value, won: value - paid }
}
