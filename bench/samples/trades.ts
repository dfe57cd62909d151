/** Trades of the simulated market in columns, as a recorder would cut them: the same ones for every contestant. */
import { nowMicros } from '../../src/clock.ts'
import { emptyOrder, Market } from '../../src/simulator/market.ts'
import { simulator } from '../../src/sources/simulator.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../src/tick/trades.ts'

const SEED = 1
/** Trades a second by their own clock. */
const RATE_PER_SECOND = 300_000

/** `count` trades of eight symbols, their ids without a gap, in batches of `batchTrades`. */
export function makeTrades(count: number, batchTrades: number): TradeColumns[] {
  const market = new Market({ symbols: simulator.defaultSymbols, seed: SEED, ratePerSecond: RATE_PER_SECOND })
  const order = emptyOrder()
  const batches: TradeColumns[] = []
  const startMicros = nowMicros()
  let made = 0
  let batch = new TradeColumns(Math.min(batchTrades, count))
  while (made < count) {
    market.next(order)
    const { symbol, tickUnits, stepUnits } = market.instruments[order.instrument]!
    for (let fill = 0; fill < order.fills && made < count; fill++) {
      const micros = startMicros + Math.floor((made * 1e6) / RATE_PER_SECOND)
      batch.add(
        simulator.name,
        symbol,
        micros,
        0,
        micros + 250,
        (order.priceTicks[fill]! * tickUnits) / 1e8,
        (order.volumeSteps[fill]! * stepUnits) / 1e8,
        order.isSell ? SIDE.sell : SIDE.buy,
        order.firstId + fill,
        ORIGIN.live,
      )
      made++
      if (batch.full) {
        batches.push(batch)
        batch = new TradeColumns(Math.min(batchTrades, count - made))
      }
    }
  }
  return batches
}
