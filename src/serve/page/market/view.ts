/** The view of an open page: candles, spread and tape of a symbol, collected from stored batches until the next push. */
import type { Store } from '../../../store/store.ts'
import type { QuoteColumns } from '../../../tick/quotes/quotes.ts'
import { readMicros } from '../../../tick/time.ts'
import type { TradeColumns } from '../../../tick/trades.ts'
import type { BestQuote, Messages, Print } from '../protocol.ts'
import { addToBar, joinBars, newBar, type OpenBar, queryBars, toBar } from './candles.ts'
import { querySpreads, Spreads } from './spreads.ts'

/** Prints beyond a screenful are counted, not sent. */
const PRINTS_PER_PUSH_MAX = 40
/** Bars kept in memory, which late trades can change without a query. */
const BARS_KEPT_MAX = 120

export class View {
  readonly venue: string
  readonly symbol: string
  readonly #stepMs: number
  /** Bars by time; until `load` only of trades stored since the view was opened. */
  #bars = new Map<number, OpenBar>()
  #touched = new Set<number>()
  #prints: Print[] = []
  #skipped = 0
  readonly #spreads: Spreads
  #quote: BestQuote | null = null
  /** A late trade fell into a bar no longer in memory: the history must be loaded again. */
  stale = false

  constructor(venue: string, symbol: string, seconds: number) {
    this.venue = venue
    this.symbol = symbol
    this.#stepMs = seconds * 1000
    this.#spreads = new Spreads(this.#stepMs)
  }

  take(trades: TradeColumns): void {
    const venue = trades.venues.words.indexOf(this.venue)
    const symbol = trades.symbols.words.indexOf(this.symbol)
    if (venue < 0 || symbol < 0) return
    for (let row = 0; row < trades.length; row++) {
      if (trades.symbol[row] !== symbol || trades.venue[row] !== venue) continue
      const micros = readMicros(trades.timestampWords, row)
      const price = trades.price[row]!
      const volume = trades.volume[row]!
      const timeMs = Math.floor(micros / 1000 / this.#stepMs) * this.#stepMs
      const bar = this.#bars.get(timeMs)
      if (bar) addToBar(bar, micros, price, volume)
      else this.#bars.set(timeMs, newBar(timeMs, micros, price, volume))
      this.#touched.add(timeMs)
      if (this.#prints.length === PRINTS_PER_PUSH_MAX) {
        this.#prints.shift()
        this.#skipped++
      }
      this.#prints.push([micros / 1000, price, volume, trades.side[row]!, String(trades.tradeId[row])])
    }
  }

  takeQuotes(quotes: QuoteColumns): void {
    const venue = quotes.venues.words.indexOf(this.venue)
    const symbol = quotes.symbols.words.indexOf(this.symbol)
    if (venue < 0 || symbol < 0) return
    let newest = -1
    for (let row = 0; row < quotes.length; row++) {
      if (quotes.symbol[row] !== symbol || quotes.venue[row] !== venue) continue
      newest = row
      this.#spreads.take(readMicros(quotes.receivedAtWords, row), quotes.bidPrice[row]!, quotes.askPrice[row]!)
    }
    if (newest < 0) return
    this.#quote = [
      readMicros(quotes.receivedAtWords, newest) / 1000,
      quotes.bidPrice[newest]!,
      quotes.bidSize[newest]!,
      quotes.askPrice[newest]!,
      quotes.askSize[newest]!,
    ]
  }

  /**
   * The history: trades of the table below `belowOffsets`, by log partition, joined with those taken since. The caller
   * reads the offsets and opens the view in one turn, so that each trade is in exactly one of the two.
   */
  async load(store: Store, lastAtMs: number, belowOffsets: ReadonlyMap<number, number>): Promise<Messages['bars']> {
    this.stale = false
    const beforeMs = lastAtMs + this.#stepMs
    const stored = await queryBars(store, {
      venue: this.venue,
      symbol: this.symbol,
      seconds: this.#stepMs / 1000,
      beforeMs,
      belowOffsets,
    })
    const { venue, symbol } = this
    const nowMs = Date.now()
    const spreads = await querySpreads(store, { venue, symbol, seconds: this.#stepMs / 1000, beforeMs: nowMs })
    this.#spreads.load(spreads.at(-1), nowMs)
    const all = new Map(stored.map(bar => [bar.timeMs, bar]))
    for (const [timeMs, bar] of this.#bars) all.set(timeMs, all.has(timeMs) ? joinBars(all.get(timeMs)!, bar) : bar)
    const sorted = [...all.values()].sort((a, b) => a.timeMs - b.timeMs)
    this.#bars = new Map(sorted.slice(-BARS_KEPT_MAX).map(bar => [bar.timeMs, bar]))
    this.#touched.clear()
    // The newest prints are sent with the history.
    this.#prints = []
    this.#skipped = 0
    return { bars: sorted.map(toBar), spreads }
  }

  /** Clears the bars, for another `load`. */
  reset(): void {
    this.#bars = new Map()
    this.#touched.clear()
  }

  /** The changes since the last call; undefined if there are none. */
  flush(): Messages['update'] | undefined {
    if (this.#touched.size === 0 && this.#quote === null) return undefined
    const quote = this.#quote
    this.#quote = null
    return { ...this.#flushTrades(), spreads: this.#spreads.flush(), quote }
  }

  #flushTrades(): Pick<Messages['update'], 'bars' | 'prints' | 'skipped'> {
    const times = [...this.#touched].sort((a, b) => a - b)
    const newest = Math.max(...this.#bars.keys())
    const kept = times.filter(timeMs => timeMs > newest - BARS_KEPT_MAX * this.#stepMs)
    if (kept.length < times.length) this.stale = true
    const update = {
      bars: kept.map(timeMs => toBar(this.#bars.get(timeMs)!)),
      prints: this.#prints.reverse(),
      skipped: this.#skipped,
    }
    for (const timeMs of this.#bars.keys())
      if (timeMs <= newest - BARS_KEPT_MAX * this.#stepMs) this.#bars.delete(timeMs)
    this.#touched = new Set()
    this.#prints = []
    this.#skipped = 0
    return update
  }
}
