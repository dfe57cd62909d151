/** A piece of a frame that never changes: whole words of 4 bytes, and a last one of which `mask` is compared. */
export interface Literal {
  length: number
  words: Int32Array
  tail: number
  mask: number
}

/** `text` is ASCII and not empty. */
export function literal(text: string): Literal {
  const whole = Math.floor((text.length - 1) / 4)
  const bytes = Buffer.alloc(4 * whole + 4)
  bytes.write(text, 'latin1')
  return {
    length: text.length,
    words: Int32Array.from({ length: whole }, (_, at) => bytes.readInt32LE(4 * at)),
    tail: bytes.readInt32LE(4 * whole),
    mask: Buffer.alloc(4)
      .fill(0xff, 0, text.length - 4 * whole)
      .readInt32LE(),
  }
}
