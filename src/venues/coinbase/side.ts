import { SIDE, type Side } from '../../tick/trades.ts'

/** The taker's side of a maker's: Coinbase states the latter. */
export function opposite(side: Side | undefined): Side | undefined {
  if (side === SIDE.buy) return SIDE.sell
  return side === SIDE.sell ? SIDE.buy : undefined
}
