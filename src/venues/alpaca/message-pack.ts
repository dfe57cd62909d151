/**
 * Reads MessagePack: https://github.com/msgpack/msgpack/blob/master/spec.md. Values as `parseJson` gives them; an integer
 * beyond 2^53 is a `LongNumber`, a timestamp a `Timestamp` with all of its digits.
 */
import { TIME_MICROS_MAX } from '../../tick/time.ts'
import { TimeText } from '../format-time.ts'
import { isObject, LongNumber } from '../json-text.ts'

/** Micros since 1970 UTC and the nanos beyond. */
export class Timestamp {
  readonly micros: number
  readonly nanos: number

  constructor(seconds: number, nanoseconds: number) {
    this.micros = seconds * 1_000_000 + Math.floor(nanoseconds / 1000)
    this.nanos = nanoseconds % 1000
  }
}

/** Deeper values are refused: the call stack is not endless. */
const DEPTH_MAX = 32
const TIMESTAMP = -1

/** Is the first byte that of an array? A frame of JSON begins with another one. */
export function isMessagePack(frame: Buffer): boolean {
  const [first = 0] = frame
  return (first & 0xf0) === 0x90 || first === 0xdc || first === 0xdd
}

/** Reads one value that fills the bytes. Throws RangeError or TypeError where they are not MessagePack. */
export function readMessagePack(bytes: Buffer): unknown {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  if (reader.at !== bytes.length) throw new RangeError(`${bytes.length - reader.at} bytes after the value`)
  return value
}

class Reader {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  value(depth: number): unknown {
    if (depth > DEPTH_MAX) throw new RangeError('nested too deeply')
    const type = this.#bytes.readUInt8(this.at++)
    if (type < 0x80) return type
    if (type < 0x90) return this.#map(type & 0x0f, depth)
    if (type < 0xa0) return this.#array(type & 0x0f, depth)
    if (type < 0xc0) return this.#text(type & 0x1f)
    if (type >= 0xe0) return type - 0x100
    switch (type) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc7:
        return this.#extension(this.#unsigned(1))
      case 0xca:
        return this.#bytes.readFloatBE(this.#take(4))
      case 0xcb:
        return this.#bytes.readDoubleBE(this.#take(8))
      case 0xcc:
        return this.#unsigned(1)
      case 0xcd:
        return this.#unsigned(2)
      case 0xce:
        return this.#unsigned(4)
      case 0xcf:
        return short(this.#bytes.readBigUInt64BE(this.#take(8)))
      case 0xd0:
        return this.#bytes.readInt8(this.#take(1))
      case 0xd1:
        return this.#bytes.readInt16BE(this.#take(2))
      case 0xd2:
        return this.#bytes.readInt32BE(this.#take(4))
      case 0xd3:
        return short(this.#bytes.readBigInt64BE(this.#take(8)))
      case 0xd6:
        return this.#extension(4)
      case 0xd7:
        return this.#extension(8)
      case 0xd9:
        return this.#text(this.#unsigned(1))
      case 0xda:
        return this.#text(this.#unsigned(2))
      case 0xdb:
        return this.#text(this.#unsigned(4))
      case 0xdc:
        return this.#array(this.#unsigned(2), depth)
      case 0xdd:
        return this.#array(this.#unsigned(4), depth)
      case 0xde:
        return this.#map(this.#unsigned(2), depth)
      case 0xdf:
        return this.#map(this.#unsigned(4), depth)
      default:
        throw new TypeError(`type 0x${type.toString(16)} is not read`)
    }
  }

  /** Moves on by `length` bytes and returns where they begin. */
  #take(length: number): number {
    const at = this.at
    if (at + length > this.#bytes.length) throw new RangeError('cut')
    this.at += length
    return at
  }

  #unsigned(bytes: number): number {
    return this.#bytes.readUIntBE(this.#take(bytes), bytes)
  }

  #text(length: number): string {
    const at = this.#take(length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  #array(length: number, depth: number): unknown[] {
    const items: unknown[] = []
    for (let index = 0; index < length; index++) items.push(this.value(depth + 1))
    return items
  }

  #map(length: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    for (let index = 0; index < length; index++) {
      const key = this.value(depth + 1)
      if (typeof key !== 'string') throw new TypeError('a key is not a text')
      const value = this.value(depth + 1)
      if (key !== '__proto__') map[key] = value
    }
    return map
  }

  /** The formats of a timestamp: 32 bits, 30 and 34 bits, 32 and 64 bits. */
  #extension(length: number): Timestamp {
    if (this.#bytes.readInt8(this.#take(1)) !== TIMESTAMP) throw new TypeError('an extension other than a timestamp')
    const at = this.#take(length)
    if (length === 4) return new Timestamp(this.#bytes.readUInt32BE(at), 0)
    if (length === 8) {
      const high = this.#bytes.readUInt32BE(at)
      return new Timestamp((high & 3) * 2 ** 32 + this.#bytes.readUInt32BE(at + 4), high >>> 2)
    }
    if (length === 12) return new Timestamp(Number(this.#bytes.readBigInt64BE(at + 4)), this.#bytes.readUInt32BE(at))
    throw new RangeError(`a timestamp of ${length} bytes`)
  }
}

/** A value that `readMessagePack` returned, as JSON: a timestamp is its RFC 3339 text. */
export function jsonOf(value: unknown): string {
  if (value instanceof LongNumber) return value.text
  if (value instanceof Timestamp) return JSON.stringify(textOf(value))
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}:${jsonOf(each)}`)}}`
}

function textOf({ micros, nanos }: Timestamp): string {
  const isWritable = micros >= 0 && micros < TIME_MICROS_MAX
  return isWritable ? new TimeText().of(BigInt(micros) * 1000n + BigInt(nanos)) : `${micros} microseconds since 1970`
}

function short(value: bigint): number | LongNumber {
  const isShort = value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER
  return isShort ? Number(value) : new LongNumber(String(value))
}
