/** Which way a price moved last, as a class that restarts its animation at each move. */
import { useRef } from 'preact/hooks'

/**
 * Two classes of the same look take turns (`flash-up-0`, `flash-up-1`): a changed animation name is what makes the
 * browser run it again, without forcing a layout. Empty until the first move.
 */
export function useFlash(price: number, of: string): string {
  const held = useRef({ price, of, turn: 0, name: '' })
  const last = held.current
  if (last.of !== of) held.current = { price, of, turn: 0, name: '' }
  else if (price !== last.price) {
    const turn = 1 - last.turn
    held.current = { price, of, turn, name: `flash-${price > last.price ? 'up' : 'down'}-${turn}` }
  }
  return held.current.name
}
