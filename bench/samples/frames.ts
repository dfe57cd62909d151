/**
 * Frames as venues send them: recorded ones where the recordings are beside this checkout, else those of the
 * simulator's own writer.
 */
import { nowMicros } from '../../src/clock.ts'
import { emptyOrder, Market } from '../../src/simulator/market.ts'
import { TradeFrame } from '../../src/venues/binance/trade-frame.ts'
import { simulator } from '../../src/venues/simulator.ts'
import { FrameBuffer } from '../../src/venues/websocket-frames.ts'
import { binanceSession, captureFrames, skipWithoutData } from '../../test/support/data/recorded-data.ts'

export const RECORDINGS = skipWithoutData === false

export interface Frames {
  /** For the report. */
  origin: string
  frames: Buffer[]
}

const SIMULATED_FRAMES = 40_000

/** The trades of recorded sessions, without depth updates and quotes. */
export function binanceTrades(): Frames {
  if (!RECORDINGS) return { origin: 'written by the simulator (no recordings here)', frames: simulatedFrames() }
  const frames = [...binanceSession('btcusdt'), ...binanceSession('ethusdt')].filter(frame => frame.includes('@trade"'))
  return { origin: 'two recorded Binance sessions, trades only', frames }
}

/** The matches of a recorded session, or the example of Coinbase's documentation. */
export function coinbaseMatches(): Frames {
  const recorded = RECORDINGS ? captureFrames('COINBASE').filter(text => text.startsWith('{"type":"match"')) : []
  if (recorded.length > 0)
    return { origin: `${recorded.length} recorded Coinbase matches`, frames: recorded.map(text => Buffer.from(text)) }
  const example =
    '{"type":"match","trade_id":10,"sequence":50,"maker_order_id":"ac928c66-ca53-498f-9c13-a110027a60e8","taker_order_id":"132fb6ae-456b-4654-b4e0-d681ac05cea1","time":"2014-11-07T08:19:27.028459Z","product_id":"BTC-USD","size":"5.23512","price":"400.23","side":"sell"}'
  return { origin: "the example of Coinbase's documentation", frames: [Buffer.from(example)] }
}

/** Frames of two trades in the format of Kraken's documentation: the recordings use its older protocol. */
export function krakenTrades(): Frames {
  const frames = Array.from({ length: 1_000 }, (_, index) => {
    const data = [0, 1].map(nth => ({
      symbol: 'BTC/USD',
      side: nth === 0 ? 'buy' : 'sell',
      price: 105_944.2 + index / 10,
      qty: 0.00027625,
      ord_type: 'limit',
      trade_id: 10_218_208 + 2 * index + nth,
      timestamp: '2023-10-06T17:35:55.440295Z',
    }))
    return Buffer.from(JSON.stringify({ channel: 'trade', type: 'update', data }))
  })
  return { origin: "frames of two trades in the format of Kraken's documentation", frames }
}

function simulatedFrames(): Buffer[] {
  const market = new Market({ symbols: simulator.defaultSymbols, seed: 1, ratePerSecond: 1_000 })
  const writers = market.instruments.map(instrument => new TradeFrame(instrument, { combined: true, micros: true }))
  const order = emptyOrder()
  const out = new FrameBuffer()
  const frames: Buffer[] = []
  while (frames.length < SIMULATED_FRAMES) {
    market.next(order)
    const writer = writers[order.instrument]!
    writer.stamp(nowMicros())
    for (let fill = 0; fill < order.fills; fill++) {
      writer.write(out, order.firstId + fill, order.priceTicks[fill]!, order.volumeSteps[fill]!, order.isSell)
      const frame = out.take()
      frames.push(Buffer.from(frame.subarray(frame.indexOf('{'))))
    }
  }
  return frames
}
