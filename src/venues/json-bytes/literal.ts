/** Bytes of a literal at most, and the words of 4 bytes that it takes with its length. */
export const LITERAL_BYTES_MAX = 28
export const LITERAL_WORDS = 1 + LITERAL_BYTES_MAX / 4

/** What to compare of the last four bytes of a text, by its length modulo 4. */
export const TAIL_MASKS = Int32Array.of(-1, 0xff, 0xffff, 0xffffff)

/**
 * Pieces of a frame that never change, of 28 bytes of ASCII at most. Each takes `LITERAL_WORDS` of the result: its length,
 * then its bytes, four in a word.
 */
export function literals(...texts: readonly string[]): Int32Array {
  const bytes = Buffer.alloc(4 * LITERAL_WORDS * texts.length)
  for (const [index, text] of texts.entries()) {
    if (text === '' || text.length > LITERAL_BYTES_MAX) throw new Error(`a literal of ${text.length} bytes: ${text}`)
    const at = 4 * LITERAL_WORDS * index
    bytes.writeInt32LE(text.length, at)
    bytes.write(text, at + 4, 'latin1')
  }
  return Int32Array.from({ length: bytes.length / 4 }, (_, word) => bytes.readInt32LE(4 * word))
}
