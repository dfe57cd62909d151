/** An order of a strategy, and what becomes of it. */
import type { Instrument } from '../market/instrument.ts'
import type { Direction } from '../strategy.ts'

/**
 * `sent`: on its way. `working`: at the venue, not filled. The others are final; `refused` by a limit of the portfolio, before it
 * was sent.
 */
export type OrderState = 'sent' | 'working' | 'filled' | 'cancelled' | 'refused'

export interface Order {
  /** From 1 in a strategy's run. */
  readonly id: number
  readonly instrument: Instrument
  readonly direction: Direction
  /** Whole units of the instrument. */
  readonly quantity: bigint
  remaining: bigint
  /** The limit as a double; NaN for a market order. */
  readonly limit: number
  readonly immediateOrCancel: boolean
  /** Sent by a limit, to close a position. */
  readonly isFlattening: boolean
  /** µs since 1970 UTC. `cancelAtMicros` is Infinity while no cancel was sent. */
  readonly sentAtMicros: number
  readonly arrivesAtMicros: number
  cancelAtMicros: number
  /** When it reached its final state; 0 before. */
  endedAtMicros: number
  state: OrderState
  /** Why it was refused or cancelled; empty otherwise. */
  reason: string
}

export interface Fill {
  /** From 1 in a strategy's run. */
  readonly id: number
  readonly order: Order
  readonly timeMicros: number
  /** Whole units. */
  readonly price: bigint
  readonly quantity: bigint
  readonly isMaker: boolean
  /** Units of money. */
  readonly notional: bigint
  readonly fee: bigint
  /** Larger than the portfolio's share of what the market traded. */
  readonly isLarge: boolean
}
