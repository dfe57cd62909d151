/**
 * Frames a second through a venue's decoder, against JSON.parse alone, and against JSON.parse with tardis-dev's mapper; and
 * through the decoder into columns and encoded records, as in the recorder.
 */

import { QuoteColumns, type QuoteDraft } from '../../src/tick/quotes/quotes.ts'
import { quotesRecord } from '../../src/tick/quotes/record.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import { TradeColumns, type TradeDraft } from '../../src/tick/trades.ts'
import { binance } from '../../src/venues/binance/decode.ts'
import { VENUES } from '../../src/venues/index.ts'
import type { Sink, Venue } from '../../src/venues/venue.ts'
import { type Bench, type Contestant, measured, type Sample } from '../contract.ts'
import { isOwnMapper, tardisMapper } from '../peers/tardis.ts'
import { countTicks, openingFrames, RECORDINGS, ticksOf } from '../samples/frames.ts'

/** As in `sources/recorder.ts`. */
const RECORD_TICKS = 5_000
const FRAMES = 1_000_000
const WARM_UP_FRAMES = 300_000

/** The venues and kinds that both know; quotes where ours are decoded from one frame. */
const COMPARED = {
  trades: [
    ...['binance', 'coinbase', 'kraken', 'bybit', 'bybitlinear', 'okx', 'bitstamp', 'gemini', 'deribit', 'hyperliquid'],
    'bitfinex',
  ],
  quotes: ['binance', 'kraken', 'bybit', 'bybitlinear', 'okx', 'hyperliquid'],
}
type Kind = keyof typeof COMPARED

/** Looks at each tick. */
class Adder implements Sink {
  sum = 0
  refused = 0

  trade(trade: TradeDraft): void {
    this.sum += trade.price
  }
  quote(quote: QuoteDraft): void {
    this.sum += quote.bidPrice
  }
  amendment(): void {}
  refuse(): void {
    this.refused++
  }
  control(): void {}
  ignore(): void {}
  imprecise(): void {}
}

/** Collects ticks in columns and encodes a record whenever they are full; drops the record. */
class Gatherer implements Sink {
  readonly #venue: Venue
  readonly #trades = new TradeColumns(RECORD_TICKS)
  readonly #quotes = new QuoteColumns(RECORD_TICKS)
  bytes = 0
  refused = 0

  constructor(venue: Venue) {
    this.#venue = venue
  }

  trade(trade: TradeDraft): void {
    trade.venue = this.#venue.name
    trade.receivedAtMicros = trade.timestampMicros
    this.#trades.add(trade)
    if (!this.#trades.full) return
    this.bytes += tradesRecord(this.#trades).payload.length
    this.#trades.clear()
  }
  quote(quote: QuoteDraft): void {
    quote.venue = this.#venue.name
    quote.receivedAtMicros = quote.timestampMicros
    this.#quotes.add(quote)
    if (!this.#quotes.full) return
    this.bytes += quotesRecord(this.#quotes).payload.length
    this.#quotes.clear()
  }
  amendment(): void {}
  refuse(): void {
    this.refused++
  }
  control(): void {}
  ignore(): void {}
  imprecise(): void {}
}

/** Measures `work` on every frame, again and again. */
async function measure(frames: readonly Buffer[], work: (frame: Buffer) => void): Promise<Sample> {
  const all = (count: number) => {
    for (let index = 0; index < count; index++) work(frames[index % frames.length]!)
    return count
  }
  all(WARM_UP_FRAMES)
  return measured(() => all(FRAMES))
}

async function decoding(venue: Venue, kind: Kind, sink: Adder | Gatherer): Promise<Sample> {
  const frames = await ticksOf(venue, kind)
  const decode = venue.decoder()
  for (const frame of openingFrames(venue)) decode(frame, sink)
  const sample = await measure(frames, frame => decode(frame, sink))
  if (sink.refused > 0) throw new Error(`${sink.refused} frames refused`)
  return { ...sample, metrics: { [`${kind}/frame`]: perFrame(venue, kind, frames) } }
}

async function parsing(venue: Venue, kind: Kind): Promise<Sample> {
  let objects = 0
  const sample = await measure(await ticksOf(venue, kind), frame => {
    if (typeof JSON.parse(frame.toString()) === 'object') objects++
  })
  if (objects !== FRAMES + WARM_UP_FRAMES) throw new Error('a frame is not a JSON object')
  return sample
}

async function mapping(venue: Venue, kind: Kind): Promise<Sample> {
  const frames = await ticksOf(venue, kind)
  const mapper = await tardisMapper(venue.name, kind)
  const receivedAt = new Date()
  for (const frame of openingFrames(venue)) mapper.canHandle(JSON.parse(frame.toString()))
  let ticks = 0
  const work = (frame: Buffer) => {
    const message: unknown = JSON.parse(frame.toString())
    if (mapper.canHandle(message)) for (const _ of mapper.map(message, receivedAt)) ticks++
  }
  const sample = await measure(frames, work)
  // Some of its mappers leave out the first frame of a symbol.
  const expected = perFrame(venue, kind, frames) * (FRAMES + WARM_UP_FRAMES)
  if (ticks < 0.99 * expected) throw new Error(`only ${ticks} of ${expected} ${kind} mapped`)
  return sample
}

function perFrame(venue: Venue, kind: Kind, frames: readonly Buffer[]): number {
  return frames.reduce((sum, frame) => sum + countTicks(venue, frame)[kind], 0) / frames.length
}

function contestants(venue: Venue, kind: Kind): Contestant[] {
  const [ours, parse] = [`${venue.name} ${kind}`, `JSON.parse ${venue.name} ${kind}`]
  const peer = `${isOwnMapper(venue.name, kind) ? 'own mapper' : 'tardis-dev'} ${venue.name} ${kind}`
  return [
    { name: ours, run: () => decoding(venue, kind, new Adder()) },
    { name: peer, against: ours, run: () => mapping(venue, kind) },
    { name: parse, against: ours, run: () => parsing(venue, kind) },
  ]
}

const gathering = (venue: Venue, kind: Kind): Contestant => ({
  name: `${venue.name} ${kind} into records`,
  run: () => decoding(venue, kind, new Gatherer(venue)),
})

const pairs = (Object.keys(COMPARED) as Kind[]).flatMap(kind =>
  COMPARED[kind].map(name => ({ venue: VENUES.find(venue => venue.name === name)!, kind })),
)
export const decode: Bench = {
  name: 'decode',
  summary: 'frames through the decoders; against JSON.parse, alone and with the mappers of tardis-dev',
  unit: 'frames',
  rounds: 5,
  contestants: [
    ...pairs.flatMap(({ venue, kind }) => contestants(venue, kind)),
    ...pairs.filter(({ venue }) => venue === binance).map(({ kind }) => gathering(binance, kind)),
  ],
  notes: [
    RECORDINGS
      ? 'binance, coinbase: recorded frames; bybit, okx, bitstamp: the same with other digits; others: as documented, with other digits'
      : 'no recordings beside this checkout: frames of the simulator, and as documented with other digits',
    'own mapper: like those of tardis-dev, where that has one only for an earlier protocol of the venue',
  ],
}
