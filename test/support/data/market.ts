/** A simulated exchange whose trades are known: the same seed generates the same market again, without a socket. */

import { type Exchange, startExchange } from '../../../src/simulator/exchange.ts'
import { instrumentOf } from '../../../src/simulator/market/instruments.ts'
import { emptyOrder, Market, type MarketOptions } from '../../../src/simulator/market/market.ts'
import { UNITS_PER_ONE } from '../../../src/venues/binance/units.ts'
import type { ExpectedTrade } from '../judges/oracle.ts'

export class KnownMarket implements AsyncDisposable {
  readonly exchange: Exchange
  readonly #options: MarketOptions

  /** Starts an exchange that generates no trade before `run`. */
  static async start(options: MarketOptions): Promise<KnownMarket> {
    const exchange = await startExchange(options)
    const market = new KnownMarket(exchange, options)
    market.pause()
    return market
  }

  private constructor(exchange: Exchange, options: MarketOptions) {
    this.exchange = exchange
    this.#options = options
  }

  /** Settings of a recorder of this market. */
  get settings() {
    return { SOURCES: `simulator:${this.#options.symbols.join(',')}`, SIMULATOR_WS: this.exchange.wsUrl }
  }

  /** Trades at the nominal rate, or another one, which does not change the trades. */
  run(): void {
    this.exchange.control('setRate', { ratePerSecond: this.#options.ratePerSecond })
  }

  pause(): void {
    this.exchange.control('setRate', { ratePerSecond: 0 })
  }

  /** The last id of each symbol so far. */
  lastIds(): Map<string, number> {
    return new Map(Object.entries(this.exchange.nextIds()).map(([symbol, next]) => [symbol, next - 1]))
  }

  /** Every trade generated so far, generated again from the seed. */
  trades(): ExpectedTrade[] {
    const market = new Market(this.#options)
    const last = this.lastIds()
    const units = this.#options.symbols.map(symbol => instrumentOf(symbol, this.#options.seed))
    const order = emptyOrder()
    const trades: ExpectedTrade[] = []
    while (units.some(({ symbol }, index) => market.nextId(index) <= last.get(symbol)!)) {
      market.next(order)
      const { symbol, tickUnits, stepUnits } = units[order.instrument]!
      for (let fill = 0; fill < order.fills; fill++)
        trades.push({
          symbol,
          tradeId: order.firstId + fill,
          price: (order.priceTicks[fill]! * tickUnits) / UNITS_PER_ONE,
          volume: (order.volumeSteps[fill]! * stepUnits) / UNITS_PER_ONE,
          side: order.isSell ? 'sell' : 'buy',
        })
    }
    return trades
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.exchange.close()
  }
}
