/**
 * Ticks of rare kinds in columns by name: a kind with some thousands a day at most needs no columns written out as those
 * of trades and quotes are.
 */
import { Dictionary, translate } from '../dictionary.ts'

/** The names of a kind's columns, in the table's order: words, then sizes, ids and times. */
export interface NamedLayout<Word extends string, Size extends string, Id extends string, Time extends string> {
  /** Texts, as LowCardinality columns. */
  readonly words: readonly (Word | 'venue' | 'symbol')[]
  /** Floats. */
  readonly sizes: readonly Size[]
  readonly ids: readonly Id[]
  /** Ns since 1970 UTC. */
  readonly times: readonly (Time | 'received_at')[]
}

/** A row as its columns are named. Times are in one unit of the kind's choice. */
export type NamedRow<Word extends string, Size extends string, Time extends string> = Readonly<
  Record<Word | 'venue' | 'symbol', string> & Record<Size, number> & Record<Time | 'received_at', number>
>

/** A row as a decoder hands it on: venue and time of receipt are the recorder's to set. */
export type Decoded<Row> = Omit<Row, 'venue' | 'received_at'>

export class NamedColumns<
  Word extends string = string,
  Size extends string = string,
  Id extends string = string,
  Time extends string = string,
> {
  readonly layout: NamedLayout<Word, Size, Id, Time>
  length = 0
  words: Record<Word | 'venue' | 'symbol', Dictionary>
  readonly codes: Record<Word | 'venue' | 'symbol', Uint32Array>
  readonly sizes: Record<Size, Float64Array>
  readonly ids: Record<Id, BigUint64Array>
  readonly times: Record<Time | 'received_at', BigInt64Array>

  constructor(layout: NamedLayout<Word, Size, Id, Time>, capacity: number) {
    this.layout = layout
    this.words = named(layout.words, () => new Dictionary())
    this.codes = named(layout.words, () => new Uint32Array(capacity))
    this.sizes = named(layout.sizes, () => new Float64Array(capacity))
    this.ids = named(layout.ids, () => new BigUint64Array(capacity))
    this.times = named(layout.times, () => new BigInt64Array(capacity))
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
    this.words = named(this.layout.words, () => new Dictionary())
  }

  /** Makes room for `rows` more, by doubling. */
  reserve(rows: number): void {
    if (this.length + rows <= this.capacity) return
    const capacity = Math.max(this.capacity * 2, this.length + rows)
    const { words, sizes, ids, times } = this.layout
    for (const name of sizes) this.sizes[name] = copied(this.sizes[name], new Float64Array(capacity))
    for (const name of ids) this.ids[name] = copied(this.ids[name], new BigUint64Array(capacity))
    for (const name of times) this.times[name] = copied(this.times[name], new BigInt64Array(capacity))
    for (const name of words) this.codes[name] = copied(this.codes[name], new Uint32Array(capacity))
  }

  /** Appends a `NamedRow` of a kind without ids, whose times are whole units of `nsPerTime`. */
  protected addRow(row: Readonly<Record<string, string | number>>, nsPerTime: bigint): void {
    this.reserve(1)
    const at = this.length++
    const { words, sizes, times } = this.layout
    for (const name of words) this.codes[name][at] = this.words[name].code(row[name] as string)
    for (const name of sizes) this.sizes[name][at] = row[name] as number
    for (const name of times) this.times[name][at] = BigInt(row[name]!) * nsPerTime
  }

  /** Appends rows `start` to `end`-1 of other columns. */
  appendRange(from: NamedColumns<Word, Size, Id, Time>, start: number, end: number): void {
    this.reserve(end - start)
    const at = this.length
    const { words, sizes, ids, times } = this.layout
    for (const name of words)
      translate(from.codes[name], start, end, this.codes[name], at, from.words[name], this.words[name])
    for (const name of sizes) this.sizes[name].set(from.sizes[name].subarray(start, end), at)
    for (const name of ids) this.ids[name].set(from.ids[name].subarray(start, end), at)
    for (const name of times) this.times[name].set(from.times[name].subarray(start, end), at)
    this.length += end - start
  }
}

function named<Name extends string, T>(names: readonly Name[], make: () => T): Record<Name, T> {
  return Object.fromEntries(names.map(name => [name, make()])) as Record<Name, T>
}

function copied<A extends { set(from: A): void }>(from: A, into: A): A {
  into.set(from)
  return into
}
