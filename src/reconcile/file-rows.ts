/**
 * Rows of a venue's file of trades, `id,price,quantity,quote quantity,time,isBuyerMaker[,isBestMatch]`, with or without a
 * header, read byte by byte into columns: no text is made per row.
 */
import { SIDE } from '../tick/trades.ts'
import { FileFault } from './zip.ts'

/** Rows that are read together. */
export const ROWS_PER_CHUNK = 65_536

/** A longer line is of no CSV of trades, and would be kept in memory whole. */
const LINE_BYTES_MAX = 4_096

/** Digits that a double keeps exactly, whatever they are. */
const EXACT_DIGITS_MAX = 15
const POWERS = Float64Array.from({ length: 23 }, (_, places) => 10 ** places)

const [COMMA, NEWLINE, RETURN, POINT, ZERO, NINE] = [44, 10, 13, 46, 48, 57]

/** Rows 0 to `length`-1 are set. Prices and volumes are the nearest doubles, as in the tables. */
export class FileRows {
  length = 0
  readonly id = new Float64Array(ROWS_PER_CHUNK)
  readonly price = new Float64Array(ROWS_PER_CHUNK)
  readonly volume = new Float64Array(ROWS_PER_CHUNK)
  /** As written: ms or µs since 1970 UTC. */
  readonly time = new Float64Array(ROWS_PER_CHUNK)
  /** The taker's side. */
  readonly side = new Int8Array(ROWS_PER_CHUNK)
}

/** A line that is no row: its number from 1, and its text, cut. */
export interface BadLine {
  line: number
  text: string
}

/**
 * Yields the rows of a CSV in the order of the file; the columns are reused after each. `bad` gets each line that is no row:
 * one that is cut off, too. Throws FileFault where lines do not end.
 */
export async function* readRows(
  chunks: AsyncIterable<Buffer>,
  bad: (line: BadLine) => void,
): AsyncGenerator<FileRows, void> {
  const parser = new RowParser(bad)
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const end = bytes.lastIndexOf(NEWLINE) + 1
    for (let at = 0; at < end; ) {
      at = parser.parse(bytes, at, end)
      if (parser.rows.length < ROWS_PER_CHUNK) continue
      yield parser.rows
      parser.rows.length = 0
    }
    // A copy: the chunk's memory is reused.
    rest = Buffer.from(bytes.subarray(end))
    if (rest.length > LINE_BYTES_MAX) throw new FileFault(`a line is longer than ${LINE_BYTES_MAX} bytes`)
  }
  if (rest.length > 0) parser.parse(Buffer.concat([rest, Buffer.from([NEWLINE])]), 0, rest.length + 1)
  if (parser.rows.length > 0) yield parser.rows
}

class RowParser {
  readonly rows = new FileRows()
  readonly #bad: (line: BadLine) => void
  #line = 0
  /** Where the next field begins, after a call of a method below. */
  #at = 0

  constructor(bad: (line: BadLine) => void) {
    this.#bad = bad
  }

  /** Reads whole lines from `at` until the columns are full or `end` is reached; returns where it stopped. */
  parse(bytes: Buffer, at: number, end: number): number {
    const { rows } = this
    this.#at = at
    while (this.#at < end && rows.length < ROWS_PER_CHUNK) {
      const start = this.#at
      this.#line++
      if (this.#row(bytes)) rows.length++
      else this.#notARow(bytes, start, end)
    }
    return this.#at
  }

  #notARow(bytes: Buffer, start: number, end: number): void {
    const next = bytes.indexOf(NEWLINE, start)
    this.#at = next < 0 ? end : next + 1
    const text = bytes.toString('latin1', start, Math.min(this.#at - 1, start + 120)).replace(/\r$/, '')
    const isHeader = this.#line === 1 && /^[a-z_"]+,/i.test(text)
    if (!isHeader) this.#bad({ line: this.#line, text })
  }

  #row(bytes: Buffer): boolean {
    const { rows } = this
    const row = rows.length
    rows.id[row] = this.#whole(bytes)
    rows.price[row] = this.#decimal(bytes)
    rows.volume[row] = this.#decimal(bytes)
    const quote = this.#decimal(bytes)
    rows.time[row] = this.#whole(bytes)
    // `True` or `False`, in either case.
    const letter = bytes[this.#at]! | 32
    const [length, side] = letter === 116 ? [4, SIDE.sell] : [letter === 102 ? 5 : 0, SIDE.buy]
    rows.side[row] = side
    const isRow = rows.id[row]! >= 0 && rows.price[row]! > 0 && rows.volume[row]! > 0 && quote >= 0
    return isRow && rows.time[row]! > 0 && length > 0 && this.#restOfLine(bytes, this.#at + length)
  }

  /** At most one more field. */
  #restOfLine(bytes: Buffer, from: number): boolean {
    let at = from
    let commas = 0
    for (let byte = bytes[at]; byte !== NEWLINE; byte = bytes[++at]) {
      if (byte === undefined) return false
      if (byte === COMMA) commas++
      else if (commas === 0 && byte !== RETURN) return false
    }
    this.#at = at + 1
    return commas <= 1
  }

  /** A whole number and the comma after it; NaN for anything else. */
  #whole(bytes: Buffer): number {
    let at = this.#at
    let value = 0
    for (let byte = bytes[at]!; byte >= ZERO && byte <= NINE; byte = bytes[++at]!) value = value * 10 + byte - ZERO
    const isWhole = at > this.#at && bytes[at] === COMMA && value <= Number.MAX_SAFE_INTEGER
    this.#at = at + 1
    return isWhole ? value : Number.NaN
  }

  /** A decimal and the comma after it; NaN for anything else. Exact: a division of two exact doubles is rounded once. */
  #decimal(bytes: Buffer): number {
    const start = this.#at
    let at = start
    let digits = 0
    let places = -1
    let value = 0
    for (; ; at++) {
      const byte = bytes[at]!
      if (byte >= ZERO && byte <= NINE) {
        value = value * 10 + byte - ZERO
        if (value > 0) digits++
        if (places >= 0) places++
      } else if (byte === POINT && places < 0 && at > start) places = 0
      else break
    }
    this.#at = at + 1
    if (at === start || places === 0 || bytes[at] !== COMMA) return Number.NaN
    if (digits > EXACT_DIGITS_MAX || places >= POWERS.length) return Number(bytes.toString('latin1', start, at))
    return places > 0 ? value / POWERS[places]! : value
  }
}
