/**
 * Ids of US equities. Each exchange numbers the trades that it reports by itself, so one symbol has several trades with
 * the same number: a trade's id here contains both. See docs/decisions/alpaca.md.
 */
import { createHash } from 'node:crypto'
import { readId } from '../read-trade.ts'

/** Bits of the number. Exchange codes are ASCII, so that the highest bit of an id remains 0. */
const NUMBER_BITS = 56n
const NUMBER_BELOW = 1n << NUMBER_BITS
const HASHED = 1n << 63n

const words = new Uint32Array(2)
const id = new BigUint64Array(words.buffer)

/**
 * The exchange's letter in the highest byte, its number in the other seven. An exchange of several letters or a number
 * beyond 2^56 gives a hash of both, with the highest bit set. Undefined if the number is not a whole one from 0 to
 * 2^64-1, or the exchange is not a text.
 */
export function tradeIdOf(exchange: unknown, number: unknown): number | bigint | undefined {
  const own = readId(number)
  if (own === undefined || typeof exchange !== 'string') return undefined
  const letter = exchange.length === 1 ? exchange.charCodeAt(0) : 0
  if (letter > 0x20 && letter < 0x7f && typeof own === 'number') {
    words[0] = own
    words[1] = Math.floor(own / 4_294_967_296) | (letter << 24)
    return id[0]
  }
  if (letter > 0x20 && letter < 0x7f && BigInt(own) < NUMBER_BELOW) return (BigInt(letter) << NUMBER_BITS) | BigInt(own)
  const hash = createHash('sha256').update(`${exchange} ${own}`).digest().readBigUInt64LE()
  return hash | HASHED
}
