/** Trades of the simulated market in columns, cut as by a recorder: the same for every contestant. */
import { nowMicros } from '../../src/clock.ts'
import { emptyOrder, Market } from '../../src/simulator/market/market.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../src/tick/trades.ts'
import { simulator } from '../../src/venues/simulator.ts'

const SEED = 1
/** Trades a second by trade time. */
const RATE_PER_SECOND = 300_000

export interface Span {
  /** Trades a second by trade time. */
  ratePerSecond: number
  startMicros: number
  /** All trades of an order have one time, as at the venues; else each trade has its own. */
  oneTimePerOrder: boolean
}

/** `count` trades of eight symbols with consecutive ids, in batches of `batchTrades`. */
export function makeTrades(count: number, batchTrades: number): TradeColumns[] {
  return [
    ...tradesOver(
      { ratePerSecond: RATE_PER_SECOND, startMicros: nowMicros(), oneTimePerOrder: false },
      count,
      batchTrades,
    ),
  ]
}

/** The same, batch by batch, at another rate or time. */
export function* tradesOver(
  { ratePerSecond, startMicros, oneTimePerOrder }: Span,
  count: number,
  batchTrades: number,
): Generator<TradeColumns> {
  const market = new Market({ symbols: simulator.defaultSymbols, seed: SEED, ratePerSecond })
  const order = emptyOrder()
  let made = 0
  let batch = new TradeColumns(Math.min(batchTrades, count))
  while (made < count) {
    market.next(order)
    const { symbol, tickUnits, stepUnits } = market.instruments[order.instrument]!
    const first = made
    for (let fill = 0; fill < order.fills && made < count; fill++) {
      const micros = startMicros + Math.floor(((oneTimePerOrder ? first : made) * 1e6) / ratePerSecond)
      batch.add({
        venue: simulator.name,
        symbol,
        timestampMicros: micros,
        timestampNanos: 0,
        receivedAtMicros: micros + 250,
        price: (order.priceTicks[fill]! * tickUnits) / 1e8,
        volume: (order.volumeSteps[fill]! * stepUnits) / 1e8,
        side: order.isSell ? SIDE.sell : SIDE.buy,
        tradeId: order.firstId + fill,
        origin: ORIGIN.live,
      })
      made++
      if (batch.full) {
        yield batch
        batch = new TradeColumns(Math.min(batchTrades, count - made))
      }
    }
  }
  if (batch.length > 0) yield batch
}
