/** Binance's combined and raw trade streams: web-socket-streams.md. The simulated exchange sends the same. */

import { SIDE, type TradeColumns } from '../../tick/trades.ts'
import { decimalText } from '../format-decimal.ts'
import { BySymbol, type ServerSession, type VenueServerProtocol } from '../server-protocol.ts'
import type { FrameBuffer } from '../websocket-frames.ts'
import { openingRequest, StreamRequests } from './stream-requests.ts'
import { type StreamForm, TradeFrame } from './trade-frame.ts'
import { UNITS_PER_ONE } from './units.ts'

const streamOf = (symbol: string) => `${symbol.toLowerCase()}@trade`

export const binance: VenueServerProtocol = {
  target: symbols => `/stream?streams=${symbols.map(streamOf).join('/')}&timeUnit=MICROSECOND`,
  open: url => {
    const request = openingRequest(url)
    return request && new BinanceSession(request.form, request.streams)
  },
}

class BinanceSession implements ServerSession {
  readonly welcome = []
  readonly #requests: StreamRequests
  readonly #frames = new BySymbol(symbol => (this.subscribes(symbol) ? this.#frameOf(symbol) : undefined))

  constructor(form: StreamForm, streams: readonly string[]) {
    this.#requests = new StreamRequests(form, streams, () => this.#frames.forget())
  }

  onMessage(message: string): readonly string[] {
    return [JSON.stringify(this.#requests.answer(message))]
  }

  subscribes(symbol: string): boolean {
    return this.#requests.streams.has(streamOf(symbol))
  }

  write(out: FrameBuffer, trades: TradeColumns, start: number, end: number): number {
    const frames = this.#frames.of(trades)
    let skipped = 0
    for (let row = start; row < end; row++) {
      const frame = frames[trades.symbol[row]!]
      if (!frame) continue
      const side = trades.side[row]!
      if (side === SIDE.unknown) {
        skipped++
        continue
      }
      const micros = Number(trades.timestamp[row]! / 1000n)
      const id = trades.tradeId[row]!
      const price = unitsOf(trades.price[row]!)
      const volume = unitsOf(trades.volume[row]!)
      if (price < 0 || volume < 0 || id > Number.MAX_SAFE_INTEGER) {
        out.text(Buffer.from(this.#asText(trades, row, micros)))
      } else {
        frame.stamp(micros)
        frame.write(out, Number(id), price, volume, side === SIDE.sell)
      }
    }
    return skipped
  }

  heartbeat(): readonly string[] {
    return []
  }

  #frameOf(symbol: string): TradeFrame {
    return new TradeFrame({ symbol, tickUnits: 1, stepUnits: 1 }, this.#requests.form)
  }

  /** A trade whose numbers are beyond eight decimals or 2^53, as text. */
  #asText(trades: TradeColumns, row: number, micros: number): string {
    const { combined, micros: inMicros } = this.#requests.form
    const symbol = trades.symbols.words[trades.symbol[row]!]!
    const time = inMicros ? micros : Math.floor(micros / 1000)
    const event = `{"e":"trade","E":${time},"s":"${symbol}","t":${trades.tradeId[row]},"p":"${decimalText(trades.price[row]!)}","q":"${decimalText(trades.volume[row]!)}","T":${time},"m":${trades.side[row] === SIDE.sell},"M":true}`
    return combined ? `{"stream":"${streamOf(symbol)}","data":${event}}` : event
  }
}

/** A value in units of 1e-8 if they state it exactly; else -1. */
function unitsOf(value: number): number {
  const units = Math.round(value * UNITS_PER_ONE)
  return units <= Number.MAX_SAFE_INTEGER && units / UNITS_PER_ONE === value ? units : -1
}
