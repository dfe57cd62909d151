/**
 * Liquidations in columns: orders by which a venue closes the position of somebody who lacks margin. Venues do not state
 * all of them, so that completeness cannot be known: docs/derivatives.md.
 */
import { NamedColumns, type NamedRow } from '../named/columns.ts'

/**
 * Texts. `side` is the order's, `buy` or `sell`: a `sell` closes a long position. The other three are the venue's words,
 * empty where it states none.
 */
export const WORDS = ['venue', 'symbol', 'side', 'order_type', 'time_in_force', 'status'] as const
/** Floats: price and size of the order; its average price and what of it was filled, 0 where the venue states none. */
export const SIZES = ['price', 'size', 'average_price', 'filled_size'] as const
/** Ns since 1970 UTC: the venue's time, and ours. */
export const TIMES = ['timestamp', 'received_at'] as const

export const SIDES: readonly string[] = ['buy', 'sell']

type Word = (typeof WORDS)[number]
type Size = (typeof SIZES)[number]
type Time = (typeof TIMES)[number]

/** Times are µs since 1970 UTC. */
export type Liquidation = NamedRow<Word, Size, Time>

const NS_PER_MICRO = 1000n

const LAYOUT = { words: WORDS, sizes: SIZES, ids: [], times: TIMES }

export class LiquidationColumns extends NamedColumns<Word, Size, never, Time> {
  constructor(capacity: number) {
    super(LAYOUT, capacity)
  }

  add(liquidation: Liquidation): void {
    this.addRow(liquidation, NS_PER_MICRO)
  }
}
