/**
 * ClickHouse's Native format: one block of self-describing columns, little-endian, without compression. It is the one
 * binary form of a batch, in the log and in an insert, and any ClickHouse client reads it.
 *
 * A block is: columns (varint), rows (varint), then for each column its name, its type and its values. Layouts of the
 * types used here: fixed-width values lie side by side; String is a varint length and its bytes per value;
 * LowCardinality(String) is a version, flags, a dictionary and one code a row.
 */
import { endianness } from 'node:os'

if (endianness() !== 'LE') throw new Error('tickhouse needs a little-endian machine')

/** LowCardinality: the dictionary comes with the block (bit 9) and replaces any earlier one (bit 10). */
const LOW_CARDINALITY_FLAGS = 0x600
const LOW_CARDINALITY_VERSION = 1

/** The most rows of a block: below the engine's own limit for one part (1,048,449). */
export const BLOCK_ROWS_MAX = 1_048_000

type FixedArray = Float64Array | BigInt64Array | BigUint64Array | Int8Array | Uint8Array | Uint16Array | Uint32Array

/** A block that contradicts its header. The message names the first difference. */
export class BlockError extends Error {}

/** Writes one block, column by column, in the order called. */
export class BlockWriter {
  #buffer: Buffer
  #length = 0
  readonly #rows: number

  /**
   * `room`: where to write, or the expected size in bytes, to allocate once. A larger block is moved to other memory.
   */
  constructor(columns: number, rows: number, room: number | Buffer) {
    this.#buffer = typeof room === 'number' ? Buffer.allocUnsafe(Math.max(room, 256)) : room
    this.#rows = rows
    this.#varint(columns)
    this.#varint(rows)
  }

  /** A column of fixed-width values: `type` must be of the array's width. Takes the first `rows` values. */
  fixed(name: string, type: string, values: FixedArray): void {
    this.#bytes(headOf(name, type))
    this.#bytes(new Uint8Array(values.buffer, values.byteOffset, this.#rows * values.BYTES_PER_ELEMENT))
  }

  /** A String column. */
  strings(name: string, values: readonly (string | Uint8Array)[]): void {
    this.#bytes(headOf(name, 'String'))
    for (const value of values) {
      if (typeof value === 'string') this.#text(value)
      else {
        this.#varint(value.length)
        this.#bytes(value)
      }
    }
  }

  /** A LowCardinality(String) column: codes into `words`. Codes are written as narrow as the dictionary allows. */
  lowCardinality(name: string, words: readonly string[], codes: Uint32Array): void {
    this.#bytes(headOf(name, 'LowCardinality(String)'))
    const width = words.length <= 0x100 ? 0 : words.length <= 0x10000 ? 1 : 2
    this.#uint64(LOW_CARDINALITY_VERSION)
    this.#uint64(LOW_CARDINALITY_FLAGS | width)
    this.#uint64(words.length)
    for (const word of words) this.#text(word)
    this.#uint64(this.#rows)
    const rows = codes.subarray(0, this.#rows)
    // `from` is slower: it iterates.
    const narrow = width === 0 ? new Uint8Array(rows) : width === 1 ? new Uint16Array(rows) : rows
    this.#bytes(new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength))
  }

  /** The finished block. Its memory belongs to the caller. */
  done(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length) as Uint8Array<ArrayBuffer>
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }

  #varint(value: number): void {
    this.#reserve(10)
    while (value >= 0x80) {
      this.#buffer[this.#length++] = (value & 0x7f) | 0x80
      value = Math.floor(value / 128)
    }
    this.#buffer[this.#length++] = value
  }

  #text(text: string): void {
    const bytes = Buffer.byteLength(text)
    this.#varint(bytes)
    this.#reserve(bytes)
    this.#length += this.#buffer.write(text, this.#length)
  }

  #uint64(value: number): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeUInt32LE(value >>> 0, this.#length)
    this.#length = this.#buffer.writeUInt32LE(Math.floor(value / 4_294_967_296), this.#length)
  }

  #bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }
}

/**
 * Reads one block. Each method reads the next column and checks its name and type; any mismatch, overrun or trailing
 * byte is a BlockError. Values are copied out, so that the block's memory need not be aligned or kept.
 */
export class BlockReader {
  readonly columns: number
  readonly rows: number
  readonly #bytes: Buffer
  #at = 0

  constructor(block: Uint8Array) {
    this.#bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
    this.columns = this.#varint()
    this.rows = this.#varint()
    if (this.rows > BLOCK_ROWS_MAX) throw new BlockError(`${this.rows} rows in one block, ${BLOCK_ROWS_MAX} at most`)
  }

  /** Copies a fixed-width column into the beginning of `into`, of at least `rows` values. */
  fixed(name: string, type: string, into: FixedArray): void {
    this.#head(name, type)
    const from = this.#take(this.rows * into.BYTES_PER_ELEMENT)
    new Uint8Array(into.buffer, into.byteOffset, from.length).set(from)
  }

  /** Reads a LowCardinality(String) column: its dictionary, and the codes into `codes`. */
  lowCardinality(name: string, codes: Uint32Array): string[] {
    this.#head(name, 'LowCardinality(String)')
    if (this.rows === 0) return []
    const version = this.#uint64()
    if (version !== LOW_CARDINALITY_VERSION) throw new BlockError(`column ${name}: dictionary version ${version}`)
    const flags = this.#uint64()
    const width = flags & 0xff
    if ((flags & ~0xff) !== LOW_CARDINALITY_FLAGS || width > 2)
      throw new BlockError(`column ${name}: dictionary flags ${flags}`)
    const size = this.#uint64()
    if (size > this.#bytes.length) throw new BlockError(`column ${name}: a dictionary of ${size} words`)
    const words: string[] = []
    for (let index = 0; index < size; index++) words.push(this.#text())
    const rows = this.#uint64()
    if (rows !== this.rows) throw new BlockError(`column ${name}: ${rows} rows of ${this.rows}`)
    const raw = this.#take(rows * (1 << width))
    for (let row = 0; row < rows; row++) {
      const code = width === 0 ? raw[row]! : width === 1 ? raw.readUInt16LE(row * 2) : raw.readUInt32LE(row * 4)
      if (code >= size) throw new BlockError(`column ${name}: code ${code} of ${size} words`)
      codes[row] = code
    }
    return words
  }

  /** Where in the bytes the next column begins, or the next block after the last one. */
  get at(): number {
    return this.#at
  }

  /** To be called after the last column: a block that goes on is not this block. */
  end(): void {
    if (this.#at !== this.#bytes.length)
      throw new BlockError(`${this.#bytes.length - this.#at} bytes after the last column`)
  }

  #head(name: string, type: string): void {
    const head = headOf(name, type)
    const end = this.#at + head.length
    if (end <= this.#bytes.length && this.#bytes.compare(head, 0, head.length, this.#at, end) === 0) {
      this.#at = end
      return
    }
    const foundName = this.#text()
    const foundType = this.#text()
    if (foundName !== name || foundType !== type) {
      throw new BlockError(`column ${printable(foundName)} ${printable(foundType)} where ${name} ${type} belongs`)
    }
  }

  #take(bytes: number): Buffer {
    const from = this.#pass(bytes)
    return this.#bytes.subarray(from, this.#at)
  }

  /** Goes on by so many bytes; returns where they begin. */
  #pass(bytes: number): number {
    if (this.#at + bytes > this.#bytes.length)
      throw new BlockError(`cut off: ${bytes} bytes wanted at ${this.#at} of ${this.#bytes.length}`)
    this.#at += bytes
    return this.#at - bytes
  }

  #varint(): number {
    let value = 0
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.#bytes[this.#pass(1)]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    throw new BlockError('a length beyond 2^56')
  }

  #text(): string {
    const from = this.#pass(this.#varint())
    return this.#bytes.toString('utf8', from, this.#at)
  }

  #uint64(): number {
    const from = this.#pass(8)
    return this.#bytes.readUInt32LE(from) + this.#bytes.readUInt32LE(from + 4) * 4_294_967_296
  }
}

const heads = new Map<string, { type: string; bytes: Buffer }>()

/** Name and type of a column in the block's form; cached, since they are most of a small block. */
function headOf(name: string, type: string): Buffer {
  const known = heads.get(name)
  if (known?.type === type) return known.bytes
  const parts = [name, type].map(text => Buffer.from(text))
  // The lengths are varints of one byte: names and types are ours, and short.
  const bytes = Buffer.concat(parts.flatMap(part => [Buffer.of(part.length), part]))
  heads.set(name, { type, bytes })
  return bytes
}

function printable(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
