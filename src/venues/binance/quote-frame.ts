/** One symbol's best bid and ask as Binance's `bookTicker` frames, written like trades: see trade-frame.ts. */

import type { FrameBuffer } from '../websocket-frames.ts'
import { finishFrame, USUAL_HEADER_BYTES, writeDecimal, writeInteger } from './frame-digits.ts'
import type { PriceGrid } from './trade-frame.ts'

/** Room for five numbers of up to 17 digits, their points and the texts between. */
const VARIABLE_BYTES_MAX = 160

const BID_SIZE = Buffer.from('","B":"')
const ASK_PRICE = Buffer.from('","a":"')
const ASK_SIZE = Buffer.from('","A":"')

export class QuoteFrame {
  readonly #tickUnits: number
  readonly #stepUnits: number
  readonly #head: Buffer
  readonly #symbol: Buffer
  readonly #tail: Buffer

  /** `combined`: named by its stream, with the event inside. The event has no time. */
  constructor({ symbol, tickUnits, stepUnits }: PriceGrid, combined: boolean) {
    this.#tickUnits = tickUnits
    this.#stepUnits = stepUnits
    this.#head = Buffer.from(`${combined ? `{"stream":"${symbol.toLowerCase()}@bookTicker","data":` : ''}{"u":`)
    this.#symbol = Buffer.from(`,"s":"${symbol}","b":"`)
    this.#tail = Buffer.from(combined ? '"}}' : '"}')
  }

  /** Adds one quote's frame. */
  write(
    out: FrameBuffer,
    updateId: number,
    bidTicks: number,
    bidSteps: number,
    askTicks: number,
    askSteps: number,
  ): void {
    out.reserve(USUAL_HEADER_BYTES + this.#head.length + this.#symbol.length + VARIABLE_BYTES_MAX)
    const { bytes } = out
    let at = out.end + USUAL_HEADER_BYTES
    bytes.set(this.#head, at)
    at = writeInteger(bytes, at + this.#head.length, updateId)
    bytes.set(this.#symbol, at)
    at = writeDecimal(bytes, at + this.#symbol.length, bidTicks * this.#tickUnits)
    at = writeDecimal(bytes, writeText(bytes, at, BID_SIZE), bidSteps * this.#stepUnits)
    at = writeDecimal(bytes, writeText(bytes, at, ASK_PRICE), askTicks * this.#tickUnits)
    at = writeDecimal(bytes, writeText(bytes, at, ASK_SIZE), askSteps * this.#stepUnits)
    finishFrame(out, writeText(bytes, at, this.#tail))
  }
}

/** Writes a short text; returns where it ends. A loop: `set` costs more for so few bytes. */
function writeText(bytes: Buffer, at: number, text: Buffer): number {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text[index]!
  return at + text.length
}
