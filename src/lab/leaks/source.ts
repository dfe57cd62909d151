/** Ticks that can be played again and again, with what comes after a moment left out or changed. */
import { Random } from '../../simulator/random.ts'
import { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { readWholeMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import type { TapeChange } from '../engine/tape.ts'
import { type Instrument, numberOf } from '../market/instrument.ts'

/** Rows `start` to `end` - 1 of columns that nobody else uses. */
export interface Rows {
  ticks: TradeColumns | QuoteColumns
  start: number
  end: number
}

export type Change = (rows: Rows) => void

export interface TickSource {
  readonly instruments: readonly Instrument[]
  /** Names of those whose quotes are recorded. */
  readonly quoted: ReadonlySet<string>
  /** µs since 1970 UTC, the end exclusive. */
  readonly firstMicros: number
  readonly endMicros: number
  readonly tapeChanges: readonly TapeChange[]
  /** In the order of time, up to `untilMicros` at least; `change` is made to all rows before they are given out. */
  open(change: Change, untilMicros: number): AsyncIterable<Rows>
}

/** The time that orders a row, µs. */
export const timeOf = ({ receivedAtWords, timestampWords }: Rows['ticks'], row: number, byVenueTime: boolean): number =>
  readWholeMicros(byVenueTime ? timestampWords : receivedAtWords, row)

/** Log of the factor by which prices jump at the moment. */
const JUMP = 0.02

/** Moves all prices from a moment on, up or down and then by a random walk, and draws their sizes again. Prices stay on the tick, bids below asks. */
export function poisonFrom(
  micros: number,
  direction: 1 | -1,
  instruments: readonly Instrument[],
  seed: number,
  byVenueTime: boolean,
): Change {
  const random = new Random(seed, 'poison')
  const byName = new Map(
    instruments.map(each => [`${each.venue} ${each.symbol}`, { each, logFactor: direction * JUMP }]),
  )
  return ({ ticks, start, end }) => {
    for (let row = start; row < end; row++) {
      if (timeOf(ticks, row, byVenueTime) < micros) continue
      const state = byName.get(`${ticks.venues.words[ticks.venue[row]!]} ${ticks.symbols.words[ticks.symbol[row]!]}`)
      if (!state) continue
      state.logFactor += 0.0005 * random.normal()
      const factor = Math.exp(state.logFactor)
      const price = (value: number) => moved(value, factor, state.each.tick, state.each.priceDecimals)
      const size = (value: number) =>
        moved(value, 0.1 + 2 * random.uniform(), state.each.lot, state.each.quantityDecimals)
      if (ticks instanceof QuoteColumns) {
        const bid = price(ticks.bidPrice[row]!)
        const least = bid + numberOf(state.each.tick, state.each.priceDecimals)
        ticks.bidPrice[row] = bid
        ticks.askPrice[row] = Math.max(price(ticks.askPrice[row]!), Number(least.toFixed(state.each.priceDecimals)))
        ticks.bidSize[row] = size(ticks.bidSize[row]!)
        ticks.askSize[row] = size(ticks.askSize[row]!)
      } else {
        ticks.price[row] = price(ticks.price[row]!)
        ticks.volume[row] = size(ticks.volume[row]!)
      }
    }
  }
}

/** Multiplied and rounded to whole steps, at least one. */
function moved(value: number, factor: number, step: bigint, decimals: number): number {
  const units = Number(step)
  const steps = Math.max(1, Math.round((value * factor * 10 ** decimals) / units))
  return Number(((steps * units) / 10 ** decimals).toFixed(decimals))
}
