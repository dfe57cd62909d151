/** Sorts ticks into sending order: by time, then id, venue and symbol; stable for ticks equal in all of them. */
import { Conditions } from '../tick/conditions.ts'
import { JoinedIds } from '../tick/joined-ids.ts'
import type { TradeColumns } from '../tick/trades.ts'

/** Reuses its memory from chunk to chunk: large short-lived arrays would keep the garbage collector busy. */
export class TimeOrder {
  #nanos = new Float64Array(0)
  #rows = new Uint32Array(0)
  #merged = new Uint32Array(0)

  /**
   * The ticks in order: `trades` itself if already sorted, else `into`. Made for ticks in the table's sort order, where
   * each symbol of a venue is one sorted run: it merges runs, so the cost grows with the logarithm of their number. All
   * times must be within 100 days.
   */
  inOrder(trades: TradeColumns, into: TradeColumns): TradeColumns {
    this.#reserve(trades.length)
    const nanos = this.#nanos
    fillRelativeNanos(nanos, trades)
    const isAfter = (a: number, b: number) => nanos[a]! > nanos[b]! || (nanos[a] === nanos[b] && tie(trades, a, b) > 0)
    let starts = runsOf(trades.length, isAfter)
    if (starts.length === 1) return trades
    let [rows, merged] = [this.#rows, this.#merged]
    for (let row = 0; row < trades.length; row++) rows[row] = row
    while (starts.length > 1) {
      for (let run = 0; run < starts.length; run += 2) {
        const middle = starts[run + 1] ?? trades.length
        mergeRuns(rows, merged, starts[run]!, middle, starts[run + 2] ?? trades.length, isAfter)
      }
      starts = starts.filter((_, run) => run % 2 === 0)
      ;[rows, merged] = [merged, rows]
    }
    gather(trades, rows.subarray(0, trades.length), into)
    return into
  }

  #reserve(rows: number): void {
    if (this.#nanos.length >= rows) return
    this.#nanos = new Float64Array(rows)
    this.#rows = new Uint32Array(rows)
    this.#merged = new Uint32Array(rows)
  }
}

type IsAfter = (a: number, b: number) => boolean

/** Times relative to about the first row, ns: exact in a double. */
function fillRelativeNanos(nanos: Float64Array, { timestampWords: words, length }: TradeColumns): void {
  const first = words[1]! | 0
  for (let row = 0; row < length; row++)
    nanos[row] = ((words[2 * row + 1]! | 0) - first) * 4_294_967_296 + words[2 * row]!
}

/** Above 0 if row `a` sorts after row `b` of the same time. Texts compare by bytes, as in the engine. */
function tie({ tradeIdWords: id, venues, venue, symbols, symbol }: TradeColumns, a: number, b: number): number {
  return (
    id[2 * a + 1]! - id[2 * b + 1]! ||
    id[2 * a]! - id[2 * b]! ||
    byBytes(venues.words[venue[a]!]!, venues.words[venue[b]!]!) ||
    byBytes(symbols.words[symbol[a]!]!, symbols.words[symbol[b]!]!)
  )
}

function byBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** The first row of each sorted run. */
function runsOf(length: number, isAfter: IsAfter): number[] {
  const starts = [0]
  for (let row = 1; row < length; row++) if (isAfter(row - 1, row)) starts.push(row)
  return starts
}

/** Merges the sorted runs `start` to `middle`-1 and `middle` to `end`-1 of `from` into the same indexes of `into`. */
function mergeRuns(
  from: Uint32Array,
  into: Uint32Array,
  start: number,
  middle: number,
  end: number,
  isAfter: IsAfter,
): void {
  let [left, right] = [start, middle]
  for (let at = start; at < end; at++) {
    const takesRight = left >= middle || (right < end && isAfter(from[left]!, from[right]!))
    into[at] = takesRight ? from[right++]! : from[left++]!
  }
}

/** Fills `ordered` with the given rows of `trades`. */
function gather(trades: TradeColumns, rows: Uint32Array, ordered: TradeColumns): void {
  ordered.clear()
  ordered.reserve(rows.length)
  ordered.length = rows.length
  ordered.venues = trades.venues
  ordered.symbols = trades.symbols
  gatherCodes(trades.venue, ordered.venue, rows)
  gatherCodes(trades.symbol, ordered.symbol, rows)
  gatherWords(trades.timestampWords, ordered.timestampWords, rows)
  gatherWords(trades.receivedAtWords, ordered.receivedAtWords, rows)
  gatherWords(trades.tradeIdWords, ordered.tradeIdWords, rows)
  gatherWords(wordsOf(trades.price), wordsOf(ordered.price), rows)
  gatherWords(wordsOf(trades.volume), wordsOf(ordered.volume), rows)
  gatherBytes(trades.side, ordered.side, rows)
  gatherBytes(trades.origin, ordered.origin, rows)
  if (trades.joined) ordered.joined = gatherJoined(trades.joined, rows, ordered.capacity)
  if (trades.conditions) ordered.conditions = Conditions.of(trades.conditions, rows, ordered.capacity)
}

function gatherJoined(from: JoinedIds, rows: Uint32Array, capacity: number): JoinedIds {
  const into = new JoinedIds(capacity)
  for (let at = 0; at < rows.length; at++) {
    into.first[at] = from.first[rows[at]!]!
    into.last[at] = from.last[rows[at]!]!
  }
  return into
}

/** One function per array type: a polymorphic one would box each value. */
function gatherCodes(from: Uint32Array, into: Uint32Array, rows: Uint32Array): void {
  for (let at = 0; at < rows.length; at++) into[at] = from[rows[at]!]!
}

function gatherWords(from: Uint32Array, into: Uint32Array, rows: Uint32Array): void {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    into[2 * at] = from[2 * row]!
    into[2 * at + 1] = from[2 * row + 1]!
  }
}

function gatherBytes(from: Int8Array, into: Int8Array, rows: Uint32Array): void {
  for (let at = 0; at < rows.length; at++) into[at] = from[rows[at]!]!
}

function wordsOf({ buffer, byteOffset, length }: Float64Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length * 2)
}
