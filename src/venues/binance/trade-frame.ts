/**
 * One symbol's trades as Binance's WebSocket frames, digit by digit into a buffer: no text is made on the way, so that
 * one core can write hundreds of thousands a second.
 */

import type { FrameBuffer } from '../websocket-frames.ts'
import { finishFrame, USUAL_HEADER_BYTES, writeDecimal, writeInteger } from './frame-digits.ts'

/** Room for three numbers of up to 17 digits, their points and the texts between. */
const VARIABLE_BYTES_MAX = 96

const PRICE = Buffer.from(',"p":"')
const VOLUME = Buffer.from('","q":"')
const EVENT_TIME = '"E":'
const TRADE_TIME = '","T":'

/** How a client wants its frames. */
export interface StreamForm {
  /** Named by their stream, with the event inside (`/stream`), or the event alone (`/ws`). */
  readonly combined: boolean
  /** Times in microseconds (`timeUnit=MICROSECOND`) instead of ms. */
  readonly micros: boolean
}

/** What a symbol's prices and volumes are counted in, in units of 1e-8. */
export interface PriceGrid {
  readonly symbol: string
  readonly tickUnits: number
  readonly stepUnits: number
}

export class TradeFrame {
  readonly #micros: boolean
  readonly #tickUnits: number
  readonly #stepUnits: number
  readonly #head: Buffer
  readonly #eventTimeAt: number
  /** `m`: is the buyer the maker? */
  readonly #tailMakerBuys: Buffer
  readonly #tailMakerSells: Buffer
  #stampedMicros = -1

  constructor(grid: PriceGrid, form: StreamForm) {
    const { symbol } = grid
    const noTime = '0'.repeat(form.micros ? 16 : 13)
    const open = form.combined ? `{"stream":"${symbol.toLowerCase()}@trade","data":` : ''
    const close = form.combined ? '}' : ''
    this.#micros = form.micros
    this.#tickUnits = grid.tickUnits
    this.#stepUnits = grid.stepUnits
    this.#head = Buffer.from(`${open}{"e":"trade",${EVENT_TIME}${noTime},"s":"${symbol}","t":`)
    this.#eventTimeAt = this.#head.indexOf(EVENT_TIME) + EVENT_TIME.length
    this.#tailMakerBuys = Buffer.from(`${TRADE_TIME}${noTime},"m":true,"M":true}${close}`)
    this.#tailMakerSells = Buffer.from(`${TRADE_TIME}${noTime},"m":false,"M":true}${close}`)
  }

  /** Sets the time of the frames that follow, microseconds since 1970 UTC: the moment of the trade and of the event. */
  stamp(timeMicros: number): void {
    if (timeMicros === this.#stampedMicros) return
    this.#stampedMicros = timeMicros
    const digits = String(this.#micros ? timeMicros : Math.floor(timeMicros / 1000))
    this.#head.write(digits, this.#eventTimeAt, 'latin1')
    this.#tailMakerBuys.write(digits, TRADE_TIME.length, 'latin1')
    this.#tailMakerSells.write(digits, TRADE_TIME.length, 'latin1')
  }

  /** Adds one trade's frame. */
  write(out: FrameBuffer, id: number, priceTicks: number, volumeSteps: number, isSell: boolean): void {
    const tail = isSell ? this.#tailMakerBuys : this.#tailMakerSells
    let at = this.#writeHead(out, id)
    const bytes = out.bytes
    for (let index = 0; index < PRICE.length; index++) bytes[at++] = PRICE[index]!
    at = writeDecimal(bytes, at, priceTicks * this.#tickUnits)
    for (let index = 0; index < VOLUME.length; index++) bytes[at++] = VOLUME[index]!
    at = writeDecimal(bytes, at, volumeSteps * this.#stepUnits)
    bytes.set(tail, at)
    finishFrame(out, at + tail.length)
  }

  /** Adds a frame whose text ends after the id: a whole message for WebSocket, and no JSON. */
  writeCutOff(out: FrameBuffer, id: number): void {
    finishFrame(out, this.#writeHead(out, id))
  }

  #writeHead(out: FrameBuffer, id: number): number {
    out.reserve(USUAL_HEADER_BYTES + this.#head.length + VARIABLE_BYTES_MAX + this.#tailMakerSells.length)
    const payloadAt = out.end + USUAL_HEADER_BYTES
    out.bytes.set(this.#head, payloadAt)
    return writeInteger(out.bytes, payloadAt + this.#head.length, id)
  }
}
