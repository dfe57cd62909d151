/**
 * Ids for trades that come without one: a hash of what the message states of a trade, and of how many equal trades stand
 * before it in the same message. So a message that is sent again has the same ids, and equal trades of one message have
 * different ones. Stored ids must not change: neither may this function.
 */

const WORD = 2 ** 32
/** A hash has 53 bits: a number without loss. */
const HIGH_BITS = 0x1fffff

const values = new Float64Array(3)
const words = new Uint32Array(values.buffer)

export class FrameIds {
  /** How often each hash came in this frame. */
  readonly #times = new Map<number, number>()

  /** A new frame follows. */
  begin(): void {
    if (this.#times.size > 0) this.#times.clear()
  }

  /** The id of the frame's next trade, of 53 bits. */
  of(symbol: unknown, price: number, volume: number, time: unknown, conditions: unknown): number {
    values[0] = price
    values[1] = volume
    values[2] = typeof time === 'number' ? time : 0
    start()
    for (const word of words) mixWord(word)
    mixText(String(symbol))
    if (Array.isArray(conditions)) for (const each of conditions) mixText(String(each))
    const hash = finish()
    const before = this.#times.get(hash) ?? 0
    this.#times.set(hash, before + 1)
    if (before === 0) return hash
    mixWord(before)
    return finish()
  }
}

// Two 32-bit FNV-1a hashes side by side, from different offsets; 64-bit integers would be allocated.
let low = 0
let high = 0

function start(): void {
  low = 0x811c9dc5
  high = 0x9747b28c
}

function mixWord(word: number): void {
  low = Math.imul(low ^ word, 0x01000193)
  low ^= low >>> 15
  high = Math.imul(high ^ word, 0x85ebca6b)
  high ^= high >>> 13
}

function mixText(text: string): void {
  for (let at = 0; at < text.length; at++) mixWord(text.charCodeAt(at))
  mixWord(text.length)
}

function finish(): number {
  const mixed = Math.imul(high ^ (high >>> 16), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 15)) & HIGH_BITS) * WORD + ((low ^ Math.imul(mixed, 0x27d4eb2f)) >>> 0)
}
