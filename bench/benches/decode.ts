/**
 * Frames a second through a venue's decoder into columns and encoded records, as in the recorder; against JSON.parse
 * alone.
 */

import { tradesRecord } from '../../src/tick/records.ts'
import { TradeColumns, type TradeDraft } from '../../src/tick/trades.ts'
import { binance } from '../../src/venues/binance/decode.ts'
import { coinbase } from '../../src/venues/coinbase/decode.ts'
import { kraken } from '../../src/venues/kraken/decode.ts'
import type { Sink, Venue } from '../../src/venues/venue.ts'
import { type Bench, type Contestant, measured } from '../contract.ts'
import { binanceTrades, coinbaseMatches, type Frames, krakenTrades, RECORDINGS } from '../samples/frames.ts'

/** As in `sources/recorder.ts`. */
const RECORD_TICKS = 5_000
const FRAMES = 1_000_000
const WARM_UP_FRAMES = 100_000

/** Collects trades in columns and encodes a record whenever they are full; drops the record. */
class Gatherer implements Sink {
  readonly #venue: Venue
  readonly #trades = new TradeColumns(RECORD_TICKS)
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
  quote(): void {}
  refuse(): void {
    this.refused++
  }
  control(): void {}
  ignore(): void {}
  imprecise(): void {}
}

function decoding(venue: Venue, load: () => Frames) {
  return async () => {
    const { frames } = load()
    const sink = new Gatherer(venue)
    const decode = venue.decoder()
    const all = (count: number) => {
      for (let index = 0; index < count; index++) decode(frames[index % frames.length]!, sink)
      return count
    }
    all(WARM_UP_FRAMES)
    const sample = await measured(() => all(FRAMES))
    if (sink.refused > 0) throw new Error(`${sink.refused} frames refused: this would measure the slow path`)
    return sample
  }
}

function parsing(load: () => Frames) {
  return async () => {
    const { frames } = load()
    let objects = 0
    const all = (count: number) => {
      for (let index = 0; index < count; index++) {
        if (typeof JSON.parse(frames[index % frames.length]!.toString()) === 'object') objects++
      }
      return count
    }
    all(WARM_UP_FRAMES)
    const sample = await measured(() => all(FRAMES))
    if (objects !== FRAMES + WARM_UP_FRAMES) throw new Error('a frame is not a JSON object')
    return sample
  }
}

function pair(venue: Venue, load: () => Frames): Contestant[] {
  const parse = `JSON.parse ${venue.name}`
  return [
    { name: venue.name, against: parse, run: decoding(venue, load) },
    { name: parse, run: parsing(load) },
  ]
}

export const decode: Bench = {
  name: 'decode',
  summary: 'frames through the decoders into columns and records; baseline: JSON.parse alone on the same frames',
  unit: 'frames',
  rounds: 5,
  contestants: [...pair(binance, binanceTrades), ...pair(coinbase, coinbaseMatches), ...pair(kraken, krakenTrades)],
  notes: [
    RECORDINGS
      ? 'binance and coinbase: recorded frames'
      : 'no recordings beside this checkout: frames of the simulator',
    'kraken: frames of two trades each',
  ],
}
