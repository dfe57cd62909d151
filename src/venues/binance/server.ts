/** Binance's combined and raw streams of trades and of the best bid and ask: web-socket-streams.md. The simulated exchange sends the same. */

import type { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { SIDE, type TradeColumns } from '../../tick/trades.ts'
import { decimalText } from '../format-decimal.ts'
import { BySymbol, type ServerSession, type VenueServerProtocol } from '../server-protocol.ts'
import type { FrameBuffer } from '../websocket-frames.ts'
import { STREAMS } from './decode.ts'
import { QuoteFrame } from './quote-frame.ts'
import { openingRequest, StreamRequests } from './stream-requests.ts'
import { streamList } from './streams.ts'
import { type StreamForm, TradeFrame } from './trade-frame.ts'
import { UNITS_PER_ONE } from './units.ts'

/** Prices and sizes are counted in the smallest unit that a text states. */
const UNITS = { tickUnits: 1, stepUnits: 1 }

const streamOf = (symbol: string) => `${symbol.toLowerCase()}@${STREAMS.trades}`
const quoteStreamOf = (symbol: string) => `${symbol.toLowerCase()}@${STREAMS.quotes}`

export const binance: VenueServerProtocol = {
  kinds: ['trades', 'quotes'],
  target: (symbols, kinds) => `/stream?streams=${streamList(STREAMS, symbols, kinds)}&timeUnit=MICROSECOND`,
  open: url => {
    const request = openingRequest(url)
    return request && new BinanceSession(request.form, request.streams)
  },
}

class BinanceSession implements ServerSession {
  readonly welcome = []
  readonly #requests: StreamRequests
  readonly #frames = new BySymbol(symbol =>
    this.#requests.streams.has(streamOf(symbol))
      ? new TradeFrame({ symbol, ...UNITS }, this.#requests.form)
      : undefined,
  )
  readonly #quoteFrames = new BySymbol(symbol =>
    this.#requests.streams.has(quoteStreamOf(symbol))
      ? new QuoteFrame({ symbol, ...UNITS }, this.#requests.form.combined)
      : undefined,
  )

  constructor(form: StreamForm, streams: readonly string[]) {
    this.#requests = new StreamRequests(form, streams, () => {
      this.#frames.forget()
      this.#quoteFrames.forget()
    })
  }

  onMessage(message: string): readonly string[] {
    return [JSON.stringify(this.#requests.answer(message))]
  }

  subscribes(symbol: string): boolean {
    const { streams } = this.#requests
    return streams.has(streamOf(symbol)) || streams.has(quoteStreamOf(symbol))
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

  /** Binance's frame has neither the time nor the flags of a quote. */
  writeQuotes(out: FrameBuffer, quotes: QuoteColumns, start: number, end: number): number {
    const frames = this.#quoteFrames.of(quotes)
    for (let row = start; row < end; row++) {
      const frame = frames[quotes.symbol[row]!]
      if (!frame) continue
      const sequence = quotes.sequence[row]!
      const bidPrice = unitsOf(quotes.bidPrice[row]!)
      const bidSize = unitsOf(quotes.bidSize[row]!)
      const askPrice = unitsOf(quotes.askPrice[row]!)
      const askSize = unitsOf(quotes.askSize[row]!)
      if (bidPrice < 0 || bidSize < 0 || askPrice < 0 || askSize < 0 || sequence > Number.MAX_SAFE_INTEGER)
        out.text(Buffer.from(this.#quoteAsText(quotes, row)))
      else frame.write(out, Number(sequence), bidPrice, bidSize, askPrice, askSize)
    }
    return 0
  }

  heartbeat(): readonly string[] {
    return []
  }

  /** A trade whose numbers are beyond eight decimals or 2^53, as text. */
  #asText(trades: TradeColumns, row: number, micros: number): string {
    const { combined, micros: inMicros } = this.#requests.form
    const symbol = trades.symbols.words[trades.symbol[row]!]!
    const time = inMicros ? micros : Math.floor(micros / 1000)
    const event = `{"e":"trade","E":${time},"s":"${symbol}","t":${trades.tradeId[row]},"p":"${decimalText(trades.price[row]!)}","q":"${decimalText(trades.volume[row]!)}","T":${time},"m":${trades.side[row] === SIDE.sell},"M":true}`
    return combined ? `{"stream":"${streamOf(symbol)}","data":${event}}` : event
  }

  /** The same for a quote. */
  #quoteAsText(quotes: QuoteColumns, row: number): string {
    const symbol = quotes.symbols.words[quotes.symbol[row]!]!
    const event = `{"u":${quotes.sequence[row]},"s":"${symbol}","b":"${decimalText(quotes.bidPrice[row]!)}","B":"${decimalText(quotes.bidSize[row]!)}","a":"${decimalText(quotes.askPrice[row]!)}","A":"${decimalText(quotes.askSize[row]!)}"}`
    return this.#requests.form.combined ? `{"stream":"${quoteStreamOf(symbol)}","data":${event}}` : event
  }
}

/** A value in units of 1e-8 if they state it exactly; else -1. */
function unitsOf(value: number): number {
  const units = Math.round(value * UNITS_PER_ONE)
  return units <= Number.MAX_SAFE_INTEGER && units / UNITS_PER_ONE === value ? units : -1
}
