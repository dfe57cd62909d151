/** Changes of instruments in columns: one row for each change of what a venue lists. */
import { NamedColumns, type NamedRow } from '../named/columns.ts'

/** Texts, as LowCardinality columns. `change`: how the row differs from the one before. */
export const WORDS = ['venue', 'symbol', 'change', 'kind', 'base', 'quote', 'aliases', 'status', 'sessions'] as const
/** Floats; 0 where the venue states none. */
export const SIZES = ['tick_size', 'lot_size', 'contract_size'] as const
/** Ns since 1970 UTC; `expires_at` is 0 where the venue states none. */
export const TIMES = ['expires_at', 'first_seen', 'last_seen', 'received_at'] as const

export type Word = (typeof WORDS)[number]
export type Size = (typeof SIZES)[number]
export type Time = (typeof TIMES)[number]

/** A row: `aliases` are separated by commas, times are ms since 1970 UTC. */
export type InstrumentRow = NamedRow<Word, Size, Time>

const NS_PER_MS = 1_000_000n

const LAYOUT = { words: WORDS, sizes: SIZES, ids: [], times: TIMES }

export class InstrumentColumns extends NamedColumns<Word, Size, never, Time> {
  constructor(capacity: number) {
    super(LAYOUT, capacity)
  }

  add(row: InstrumentRow): void {
    this.addRow(row, NS_PER_MS)
  }
}
