/** The last trades of one symbol, to distinguish a repeat from another trade with the same id. Pure. */
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'

/**
 * How a trade compares with the known one of its id. `none`: no trade has the id; `another`: a trade of another time; `conflict`: a trade of
 * the same time with another price, volume or side; `same`: the trade itself. The greatest of several counts.
 */
export const MATCH = { none: 0, another: 1, conflict: 2, same: 3 } as const
export type Match = (typeof MATCH)[keyof typeof MATCH]

/** The values of a trade beside its id. Its time in ns since 1970 UTC is two 32-bit words, low word first. */
export interface ComparedTrade {
  timeLow: number
  timeHigh: number
  price: number
  volume: number
  side: number
}

export function comparedTradeOf(trades: TradeColumns, row: number): ComparedTrade {
  return {
    timeLow: trades.timestampWords[2 * row]!,
    timeHigh: trades.timestampWords[2 * row + 1]!,
    price: trades.price[row]!,
    volume: trades.volume[row]!,
    side: trades.side[row]!,
  }
}

/**
 * Compares two trades with the same id. Some sources truncate times to milliseconds: the same values in the same millisecond are the
 * same trade if one of the times is so, and other values in the same millisecond are a conflict.
 */
export function matchOf(known: ComparedTrade, trade: ComparedTrade): Match {
  const sameTime = known.timeLow === trade.timeLow && known.timeHigh === trade.timeHigh
  const sameValues = known.price === trade.price && known.volume === trade.volume && known.side === trade.side
  if (sameTime && sameValues) return MATCH.same
  if (sameTime) return MATCH.conflict
  const [one, other] = [nanosOf(known), nanosOf(trade)]
  if (one / NANOS_PER_MS !== other / NANOS_PER_MS) return MATCH.another
  return sameValues && (one % NANOS_PER_MS === 0n || other % NANOS_PER_MS === 0n) ? MATCH.same : MATCH.conflict
}

const NANOS_PER_MS = 1_000_000n

/** Exact: as a number, the first ns of a millisecond may be rounded into the one before. */
const nanosOf = ({ timeLow, timeHigh }: ComparedTrade): bigint => (BigInt(timeHigh) << 32n) | BigInt(timeLow)

const SLOTS_MIN = 64

/** A ring of trades in columns with a hash table over their ids. Grows to `slotsMax`, a power of two; then the oldest are overwritten. */
export class RecentTrades {
  readonly #slotsMax: number
  /** Of each slot: id and time, two words each. */
  #words = new Uint32Array(0)
  /** Of each slot: price and volume. */
  #values = new Float64Array(0)
  #sides = new Int8Array(0)
  /** First slot of each bucket and the next one of each slot, each plus one; 0 ends a chain. */
  #heads = new Int32Array(0)
  #next = new Int32Array(0)
  #count = 0
  #at = 0
  #leftMicros = Number.NEGATIVE_INFINITY

  constructor(slotsMax: number) {
    this.#slotsMax = slotsMax
  }

  /** The latest time of an overwritten trade, µs since 1970 UTC: every later trade that was added is still here. */
  get leftMicros(): number {
    return this.#leftMicros
  }

  add(trades: TradeColumns, row: number): void {
    if (this.#count === this.#sides.length && this.#count < this.#slotsMax) this.#grow()
    const slot = this.#at
    this.#at = (slot + 1) & (this.#sides.length - 1)
    if (this.#count === this.#sides.length) this.#drop(slot)
    else this.#count++
    const words = this.#words
    words[4 * slot] = trades.tradeIdWords[2 * row]!
    words[4 * slot + 1] = trades.tradeIdWords[2 * row + 1]!
    words[4 * slot + 2] = trades.timestampWords[2 * row]!
    words[4 * slot + 3] = trades.timestampWords[2 * row + 1]!
    this.#values[2 * slot] = trades.price[row]!
    this.#values[2 * slot + 1] = trades.volume[row]!
    this.#sides[slot] = trades.side[row]!
    this.#link(slot)
  }

  /** Whether the trade of this row is here, with equal values: what `match` calls the same. Allocates nothing. */
  has(trades: TradeColumns, row: number): boolean {
    if (this.#count === 0) return false
    const words = this.#words
    const low = trades.tradeIdWords[2 * row]!
    const high = trades.tradeIdWords[2 * row + 1]!
    for (let chained = this.#heads[this.#bucketOf(low, high)]!; chained !== 0; chained = this.#next[chained - 1]!) {
      const slot = chained - 1
      if (
        words[4 * slot] === low &&
        words[4 * slot + 1] === high &&
        words[4 * slot + 2] === trades.timestampWords[2 * row]! &&
        words[4 * slot + 3] === trades.timestampWords[2 * row + 1]! &&
        this.#sides[slot] === trades.side[row]! &&
        this.#values[2 * slot] === trades.price[row]! &&
        this.#values[2 * slot + 1] === trades.volume[row]!
      )
        return true
    }
    return false
  }

  /** Compares the row with the trades here that have its id. */
  match(trades: TradeColumns, row: number): Match {
    let best: Match = MATCH.none
    for (const known of this.#withId(trades, row)) {
      const match = matchOf(known, comparedTradeOf(trades, row))
      if (match > best) best = match
    }
    return best
  }

  /** The trades here with the id of this row. */
  knownTrades(trades: TradeColumns, row: number): ComparedTrade[] {
    return [...this.#withId(trades, row)]
  }

  *#withId(trades: TradeColumns, row: number): Generator<ComparedTrade> {
    if (this.#count === 0) return
    const low = trades.tradeIdWords[2 * row]!
    const high = trades.tradeIdWords[2 * row + 1]!
    for (let chained = this.#heads[this.#bucketOf(low, high)]!; chained !== 0; chained = this.#next[chained - 1]!) {
      const slot = chained - 1
      if (this.#words[4 * slot] !== low || this.#words[4 * slot + 1] !== high) continue
      yield {
        timeLow: this.#words[4 * slot + 2]!,
        timeHigh: this.#words[4 * slot + 3]!,
        price: this.#values[2 * slot]!,
        volume: this.#values[2 * slot + 1]!,
        side: this.#sides[slot]!,
      }
    }
  }

  /** Ids that rise by one have buckets of their own; others are spread by their upper bits. */
  #bucketOf(low: number, high: number): number {
    return (low ^ (low >>> 11) ^ (low >>> 21) ^ high) & (this.#heads.length - 1)
  }

  #link(slot: number): void {
    const bucket = this.#bucketOf(this.#words[4 * slot]!, this.#words[4 * slot + 1]!)
    this.#next[slot] = this.#heads[bucket]!
    this.#heads[bucket] = slot + 1
  }

  #drop(slot: number): void {
    const words = this.#words
    const micros = readMicros(words, 2 * slot + 1)
    if (micros > this.#leftMicros) this.#leftMicros = micros
    const bucket = this.#bucketOf(words[4 * slot]!, words[4 * slot + 1]!)
    let before = this.#heads[bucket]!
    if (before === slot + 1) {
      this.#heads[bucket] = this.#next[slot]!
      return
    }
    while (this.#next[before - 1] !== slot + 1) before = this.#next[before - 1]!
    this.#next[before - 1] = this.#next[slot]!
  }

  #grow(): void {
    const slots = Math.max(SLOTS_MIN, this.#sides.length * 2)
    this.#words = extended(this.#words, new Uint32Array(4 * slots))
    this.#values = extended(this.#values, new Float64Array(2 * slots))
    this.#sides = extended(this.#sides, new Int8Array(slots))
    this.#next = new Int32Array(slots)
    this.#heads = new Int32Array(slots)
    this.#at = this.#count
    for (let slot = 0; slot < this.#count; slot++) this.#link(slot)
  }
}

function extended<T extends Uint32Array | Float64Array | Int8Array>(from: T, into: T): T {
  into.set(from)
  return into
}
