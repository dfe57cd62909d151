/** Mark prices of derivatives in columns: the price by which a venue values positions, and the funding that it states with it. */
import { NamedColumns, type NamedRow } from '../named/columns.ts'

export const WORDS = ['venue', 'symbol'] as const
/**
 * Floats. `index_price` and `settle_price` (an estimate) are 0 where the venue states none. `funding_rate` is a share of
 * the position's value for one period, paid by buyers if above 0; it means nothing where `next_funding_at` is 0.
 */
export const SIZES = ['mark_price', 'index_price', 'settle_price', 'funding_rate'] as const
/** Ns since 1970 UTC: the venue's time, when the funding is paid (0 where the venue states none), and our time. */
export const TIMES = ['timestamp', 'next_funding_at', 'received_at'] as const

type Word = (typeof WORDS)[number]
type Size = (typeof SIZES)[number]
type Time = (typeof TIMES)[number]

/** Times are µs since 1970 UTC. */
export type Mark = NamedRow<Word, Size, Time>

const NS_PER_MICRO = 1000n

const LAYOUT = { words: WORDS, sizes: SIZES, ids: [], times: TIMES }

export class MarkColumns extends NamedColumns<Word, Size, never, Time> {
  constructor(capacity: number) {
    super(LAYOUT, capacity)
  }

  add(mark: Mark): void {
    this.addRow(mark, NS_PER_MICRO)
  }
}
