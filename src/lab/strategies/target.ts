/** Moves a position to a target by one market order. */
import type { Instrument } from '../market/instrument.ts'
import type { Context } from '../strategy.ts'

/** Orders what is missing between position and target, in units of the instrument; nothing while an order is open. */
export function moveTo(target: number, instrument: Instrument, context: Context): void {
  if (context.openQuantity(instrument) !== 0) return
  const missing = target - context.position(instrument)
  if (missing === 0) return
  context.order({ instrument, direction: missing > 0 ? 1 : -1, quantity: Math.abs(missing) })
}
