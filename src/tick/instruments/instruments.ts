/**
 * Changes of instruments in columns: one row for each change of what a venue lists. There are thousands a day at most,
 * so columns are named here, not written out as for trades.
 */
import { Dictionary, translate } from '../dictionary.ts'

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
export type InstrumentRow = Readonly<Record<Word, string> & Record<Size, number> & Record<Time, number>>

const NS_PER_MS = 1_000_000n

export class InstrumentColumns {
  length = 0
  words: Record<Word, Dictionary>
  codes: Record<Word, Uint32Array>
  sizes: Record<Size, Float64Array>
  times: Record<Time, BigInt64Array>

  constructor(capacity: number) {
    this.words = named(WORDS, () => new Dictionary())
    this.codes = named(WORDS, () => new Uint32Array(capacity))
    this.sizes = named(SIZES, () => new Float64Array(capacity))
    this.times = named(TIMES, () => new BigInt64Array(capacity))
  }

  get capacity(): number {
    return this.codes.venue.length
  }

  get venues(): Dictionary {
    return this.words.venue
  }

  get symbols(): Dictionary {
    return this.words.symbol
  }

  get venue(): Uint32Array {
    return this.codes.venue
  }

  get symbol(): Uint32Array {
    return this.codes.symbol
  }

  get receivedAt(): BigInt64Array {
    return this.times.received_at
  }

  /** Removes all rows and words; the memory is reused. */
  clear(): void {
    this.length = 0
    this.words = named(WORDS, () => new Dictionary())
  }

  /** Makes room for `rows` more, by doubling. */
  reserve(rows: number): void {
    if (this.length + rows <= this.capacity) return
    const larger = new InstrumentColumns(Math.max(this.capacity * 2, this.length + rows))
    for (const name of WORDS) larger.codes[name].set(this.codes[name])
    for (const name of SIZES) larger.sizes[name].set(this.sizes[name])
    for (const name of TIMES) larger.times[name].set(this.times[name])
    const { codes, sizes, times } = larger
    Object.assign(this, { codes, sizes, times })
  }

  add(row: InstrumentRow): void {
    this.reserve(1)
    const at = this.length++
    for (const name of WORDS) this.codes[name][at] = this.words[name].code(row[name])
    for (const name of SIZES) this.sizes[name][at] = row[name]
    for (const name of TIMES) this.times[name][at] = BigInt(row[name]) * NS_PER_MS
  }

  /** Appends rows `start` to `end`-1 of other columns. */
  appendRange(from: InstrumentColumns, start: number, end: number): void {
    this.reserve(end - start)
    const at = this.length
    for (const name of WORDS)
      translate(from.codes[name], start, end, this.codes[name], at, from.words[name], this.words[name])
    for (const name of SIZES) this.sizes[name].set(from.sizes[name].subarray(start, end), at)
    for (const name of TIMES) this.times[name].set(from.times[name].subarray(start, end), at)
    this.length += end - start
  }
}

function named<Name extends string, T>(names: readonly Name[], make: () => T): Record<Name, T> {
  return Object.fromEntries(names.map(name => [name, make()])) as Record<Name, T>
}
