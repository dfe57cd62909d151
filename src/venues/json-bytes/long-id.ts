const words = new Uint32Array(2)
const id = new BigUint64Array(words.buffer)

const [HALF, WORD] = [2 ** 16, 2 ** 32]

/** The id of 64 bits whose upper and lower 32 are these. */
export function wordsId(upper: number, lower: number): bigint {
  words[0] = lower
  words[1] = upper
  return id[0]!
}

/** The id `high` × 10⁹ + `low`, `high` below 10¹⁰ and `low` below 10⁹: a bigint from 2^53 on, for which no other is made. */
export function longId(high: number, low: number): number | bigint {
  const value = high * 1e9 + low
  if (value <= Number.MAX_SAFE_INTEGER) return value
  // By halves of 16 bits, so that every product is exact.
  const highUpper = Math.floor(high / HALF)
  const upper = highUpper * 1e9
  const upperHigh = Math.floor(upper / HALF)
  const lower = (high - highUpper * HALF) * 1e9 + (upper - upperHigh * HALF) * HALF + low
  words[0] = lower
  words[1] = upperHigh + Math.floor(lower / WORD)
  return id[0]!
}
