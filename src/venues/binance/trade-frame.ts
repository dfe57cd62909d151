/**
 * One symbol's trades as Binance's WebSocket frames, digit by digit into a buffer: no text is made on the way, so that
 * one core can write hundreds of thousands a second.
 */

import { type FrameBuffer, writeTextHeader } from '../websocket-frames.ts'
import { UNITS_PER_ONE } from './units.ts'

/** A header of this length is left free and the payload written behind it: most payloads need just this one. */
const USUAL_HEADER_BYTES = 4
/** Room for three numbers of up to 17 digits, their points and the texts between. */
const VARIABLE_BYTES_MAX = 96

const PRICE = Buffer.from(',"p":"')
const VOLUME = Buffer.from('","q":"')
const EVENT_TIME = '"E":'
const TRADE_TIME = '","T":'
const DIGIT_ZERO = 48
const POINT = 46

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
    finish(out, at + tail.length)
  }

  /** Adds a frame whose text ends after the id: a whole message for WebSocket, and no JSON. */
  writeCutOff(out: FrameBuffer, id: number): void {
    finish(out, this.#writeHead(out, id))
  }

  #writeHead(out: FrameBuffer, id: number): number {
    out.reserve(USUAL_HEADER_BYTES + this.#head.length + VARIABLE_BYTES_MAX + this.#tailMakerSells.length)
    const payloadAt = out.end + USUAL_HEADER_BYTES
    out.bytes.set(this.#head, payloadAt)
    return writeInteger(out.bytes, payloadAt + this.#head.length, id)
  }
}

/** Sets the header of the frame whose payload ends here. */
function finish(out: FrameBuffer, payloadEnd: number): void {
  const payloadAt = out.end + USUAL_HEADER_BYTES
  const headerBytes = writeTextHeader(out.bytes, out.end, payloadEnd - payloadAt)
  if (headerBytes !== USUAL_HEADER_BYTES) out.bytes.copyWithin(out.end + headerBytes, payloadAt, payloadEnd)
  out.end = payloadEnd + headerBytes - USUAL_HEADER_BYTES
}

/** Writes a whole number of units of 1e-8 with its eight decimals; returns where it ends. */
function writeDecimal(bytes: Buffer, at: number, units: number): number {
  const whole = Math.floor(units / UNITS_PER_ONE)
  const pointAt = writeInteger(bytes, at, whole)
  bytes[pointAt] = POINT
  writeEight(bytes, pointAt + 1, units - whole * UNITS_PER_ONE)
  return pointAt + 9
}

/** Writes a whole number from 0 to 2^53 without leading zeros; returns where it ends. */
function writeInteger(bytes: Buffer, at: number, value: number): number {
  if (value >= UNITS_PER_ONE) {
    const upper = Math.floor(value / UNITS_PER_ONE)
    const middle = writeInteger(bytes, at, upper)
    writeEight(bytes, middle, value - upper * UNITS_PER_ONE)
    return middle + 8
  }
  let rest = value | 0
  let digits = 1
  for (let bound = 10; rest >= bound; bound *= 10) digits++
  for (let index = at + digits - 1; index >= at; index--) {
    const tenth = (rest / 10) | 0
    bytes[index] = DIGIT_ZERO + rest - tenth * 10
    rest = tenth
  }
  return at + digits
}

/** Writes a number below 1e8 with exactly eight digits. */
function writeEight(bytes: Buffer, at: number, value: number): void {
  let rest = value | 0
  for (let index = at + 7; index >= at; index--) {
    const tenth = (rest / 10) | 0
    bytes[index] = DIGIT_ZERO + rest - tenth * 10
    rest = tenth
  }
}
