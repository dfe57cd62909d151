/**
 * Frames as venues send them: recorded ones where the recordings are beside this checkout, else those of the
 * simulator's own writer.
 */
import { nowMicros } from '../../src/clock.ts'
import { emptyOrder, Market } from '../../src/simulator/market/market.ts'
import { TradeFrame } from '../../src/venues/binance/trade-frame.ts'
import { simulator } from '../../src/venues/simulator.ts'
import type { Decode, Venue } from '../../src/venues/venue.ts'
import { FrameBuffer } from '../../src/venues/websocket-frames.ts'
import type { VenueEvidence } from '../../test/contracts/venue.ts'
import { binanceSession, skipWithoutData } from '../../test/support/data/recorded-data.ts'
import { decoded } from '../../test/support/judges/collecting-sink.ts'

export const RECORDINGS = skipWithoutData === false

const SIMULATED_FRAMES = 40_000

/** The trades of recorded sessions, without depth updates and quotes. */
export function binanceTrades(): Buffer[] {
  if (!RECORDINGS) return simulatedFrames()
  return [...binanceSession('btcusdt'), ...binanceSession('ethusdt')].filter(frame => frame.includes('@trade"'))
}

function openedDecoder(venue: Venue): Decode {
  const decode = venue.decoder()
  for (const frame of openingFrames(venue)) decoded(decode, frame)
  return decode
}

/** Fewer recorded frames than this are varied. */
const RECORDED_MIN = 90
/** Few enough to stay in the processor's cache, where a frame is that was just received. */
const FRAMES_MAX = 2_000

/** Frames of a venue's trades or quotes: recorded ones, else examples of its document. Where these are few, their digits are varied. */
export async function ticksOf(venue: Venue, kind: 'trades' | 'quotes'): Promise<Buffer[]> {
  if (venue.name === 'binance' && kind === 'trades') return someOf(binanceTrades())
  const { evidence }: { evidence: VenueEvidence } = await import(`../../test/venues/${venue.name}/frames.ts`)
  // Not the latest match from before the subscription, which tardis-dev leaves out, and no quote without orders.
  const usual = (frame: string | Buffer) => {
    const { quotes, [kind]: ticks } = decoded(openedDecoder(venue), frame)
    return ticks.length > 0 && !frame.includes('"last_match"') && quotes.every(({ bid, ask }) => bid[1] * ask[1] > 0)
  }
  const recorded = (RECORDINGS && evidence.session ? evidence.session.frames() : []).filter(usual).map(String)
  if (recorded.length >= RECORDED_MIN) return someOf(recorded).map(text => Buffer.from(text))
  const documented = kind === 'trades' ? evidence.stretch : evidence.frames.map(({ frame }) => frame)
  const few = recorded.length > 0 ? recorded : documented.filter(usual)
  const seed = { value: 1 }
  return Array.from({ length: FRAMES_MAX }, (_, at) => Buffer.from(vary(few[at % few.length]!, seed)))
}

/** Frames that a socket of the venue begins with, which the later ones refer to. */
export function openingFrames(venue: Venue): Buffer[] {
  if (venue.name !== 'bitfinex') return []
  return [Buffer.from('{"event":"subscribed","channel":"trades","chanId":89,"symbol":"tBTCUSD","pair":"BTCUSD"}')]
}

/** At most `FRAMES_MAX`, from begin to end. */
function someOf<Frame>(frames: readonly Frame[]): Frame[] {
  const step = Math.ceil(frames.length / FRAMES_MAX)
  return frames.filter((_, at) => at % step === 0)
}

/** How many trades and quotes are in a frame, refusals aside. */
export function countTicks(venue: Venue, frame: string | Buffer): { trades: number; quotes: number } {
  const { trades, quotes } = decoded(openedDecoder(venue), frame)
  return { trades: trades.length, quotes: quotes.length }
}

/** The frame with other last digits in each long number, and with other sides. */
function vary(frame: string, seed: { value: number }): string {
  const random = (below: number) => {
    seed.value = (Math.imul(seed.value, 1_103_515_245) + 12_345) >>> 0
    return (seed.value >>> 8) % below
  }
  return frame
    .replace(/\d{3,}(?!\d|ms|-)/g, digits => digits.slice(0, -2) + String(random(100)).padStart(2, '0'))
    .replace(/"(buy|sell)"/g, () => (random(2) === 0 ? '"buy"' : '"sell"'))
    .replace(/"(Buy|Sell)"/g, () => (random(2) === 0 ? '"Buy"' : '"Sell"'))
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
