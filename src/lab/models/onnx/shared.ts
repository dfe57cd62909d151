/** What the thread that scores and the one that plays share: one buffer. */

/** State, in `state[0]`. */
export const STARTING = 0
/** The last answer can be read, and another row be stated. */
export const READY = 1
export const REQUESTED = 2
/** The message has the reason. Permanent. */
export const FAILED = 3

const MESSAGE_BYTES = 2_048
const HEADER_BYTES = 8

/** Views of a buffer of `bytesOf(features)` bytes. */
export class Shared {
  /** State, and length of the message, bytes. */
  readonly state: Int32Array
  /** The features of a row, then its probability. */
  readonly values: Float64Array
  readonly #message: Uint8Array

  static bytesOf(features: number): number {
    return HEADER_BYTES + (features + 1) * Float64Array.BYTES_PER_ELEMENT + MESSAGE_BYTES
  }

  constructor(buffer: SharedArrayBuffer, features: number) {
    this.state = new Int32Array(buffer, 0, 2)
    this.values = new Float64Array(buffer, HEADER_BYTES, features + 1)
    this.#message = new Uint8Array(buffer, HEADER_BYTES + this.values.byteLength, MESSAGE_BYTES)
  }

  /** Sets the state, and wakes the other thread. */
  set(state: number): void {
    Atomics.store(this.state, 0, state)
    Atomics.notify(this.state, 0)
  }

  fail(why: string): void {
    this.state[1] = new TextEncoder().encodeInto(why, this.#message).written
    this.set(FAILED)
  }

  get message(): string {
    return new TextDecoder().decode(this.#message.slice(0, this.state[1]))
  }
}
