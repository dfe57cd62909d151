/**
 * Plays ticks to strategies in one total order, and their orders to paper fills. Of what is due at one time, first come the kill switch or the stop of the run, changes of the
 * tape, then payments of funding, then bars that end, then strategies' timers, then marks of the accounts; then the tick: the books take it, orders are matched with it, and the
 * strategies see it. Nothing is allocated per tick.
 */

import type { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { readWholeMicros } from '../../tick/time.ts'
import { ORIGIN, type TradeColumns } from '../../tick/trades.ts'
import { Bars } from '../market/bars.ts'
import { Books } from '../market/books.ts'
import type { Instrument } from '../market/instrument.ts'
import { VolumeWindow } from '../market/volume-window.ts'
import { LossWatch, type PortfolioLimits } from '../risk/limits.ts'
import type { QuoteEvent, TradeEvent } from '../strategy.ts'
import { DueList } from './due-list.ts'
import { type FundingPayment, received } from './funding.ts'
import { Holding } from './holding.ts'
import { Schedule } from './schedule.ts'
import { Tape, type TapeChange } from './tape.ts'
import { type Market, Trader, type TraderOptions } from './trader.ts'
import { WINDOW_SECONDS } from './venue-clocks.ts'

export interface EngineOptions {
  /** `index` is the place in this list. */
  instruments: readonly Instrument[]
  traders: readonly TraderOptions[]
  /** Period of the accounts' marks, seconds. */
  markSeconds: number
  /** After so long without a tick an instrument's tape is not whole, seconds. */
  staleSeconds: number
  /** With times of receipt further from a venue's own the tapes of its instruments are not whole, seconds; not `byVenueTime`. */
  apartSeconds: number
  /** Whether quotes of the instrument are recorded; else its trades stand for them. */
  isQuoted: (instrument: Instrument) => boolean
  /** Of all strategies together. */
  limits?: PortfolioLimits
  /** Trades are in order of the venue's time, which is then the engine's: for history that was downloaded later. */
  byVenueTime?: boolean
}

const MICROS = 1_000_000

/** What is due at times of its own. */
interface Due {
  readonly nextMicros: number
  run(): void
}

export class Engine implements Market {
  nowMicros = 0
  readonly books: Books
  readonly tape: Tape
  readonly holding: Holding
  readonly volumes: VolumeWindow
  readonly count: number
  readonly traders: readonly Trader[]
  /** Ticks of instruments of the portfolio so far. */
  trades = 0
  quotes = 0
  readonly #instruments: readonly Instrument[]
  readonly #byVenueTime: boolean
  readonly #isQuoted: Uint8Array
  readonly #losses: LossWatch
  readonly #funding = new DueList<FundingPayment>(payment => this.#payFunding(payment))
  readonly #offs = new DueList<{ timeMicros: number; isKill: boolean }>(({ isKill }) => {
    for (const trader of this.traders) {
      if (isKill) trader.kill()
      else trader.stop()
    }
  })
  readonly #schedule = new Schedule()
  readonly #bars: Bars[] = []
  /** The traders of each instrument, and those of them that see its trades and quotes. */
  readonly #holders: readonly (readonly Trader[])[]
  readonly #seeTrades: readonly (readonly Trader[])[]
  readonly #seeQuotes: readonly (readonly Trader[])[]
  readonly #byName: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly #trade: TradeEvent
  readonly #quote: QuoteEvent
  /** The last names looked up: most ticks have the names of the one before. */
  #lastVenue = ''
  #lastSymbol = ''
  #lastAt = -1

  constructor(options: EngineOptions) {
    const { instruments, traders, markSeconds, staleSeconds, apartSeconds, isQuoted, limits = {} } = options
    this.count = instruments.length
    this.books = new Books(this.count)
    this.holding = new Holding(this.books, this.count)
    this.volumes = new VolumeWindow(this.count)
    const bounds = { staleMicros: staleSeconds * MICROS, apartMicros: apartSeconds * MICROS }
    this.tape = new Tape(this.books, instruments, bounds, (at, isWhole, cause, detail) => {
      const data = { instrument: instruments[at]!, isWhole, cause, detail }
      for (const trader of this.#holders[at]!) trader.strategy.onData?.(data, trader)
    })
    this.#losses = new LossWatch(limits)
    this.#instruments = instruments
    this.#byVenueTime = options.byVenueTime ?? false
    this.#isQuoted = Uint8Array.from(instruments, instrument => (isQuoted(instrument) ? 1 : 0))
    this.traders = traders.map(options => new Trader(options, this))
    this.#holders = instruments.map(each => this.traders.filter(trader => trader.instruments.includes(each)))
    this.#seeTrades = this.#holders.map(holders => holders.filter(({ strategy }) => strategy.onTrade))
    this.#seeQuotes = this.#holders.map(holders => holders.filter(({ strategy }) => strategy.onQuote))
    this.#byName = byName(instruments)
    const event = { instrument: instruments[0]!, receivedAtMicros: 0 }
    this.#trade = { ...event, timestampMicros: 0, price: 0, volume: 0, side: 0, isRepaired: false }
    this.#quote = { ...event, bidPrice: 0, bidSize: 0, askPrice: 0, askSize: 0 }
    this.#plan(markSeconds)
  }

  /** Further changes of the tape. */
  addTapeChanges(changes: readonly TapeChange[]): void {
    this.tape.changes.add(changes)
  }

  /** Further payments for holding perpetuals. */
  addFunding(payments: readonly FundingPayment[]): void {
    this.#funding.add(payments)
  }

  /** Switches every strategy off at a time: closes everything, and takes no order any more. */
  killAt(timeMicros: number): void {
    this.#offs.add([{ timeMicros, isKill: true }])
  }

  /** The same because the run ends. */
  stopAt(timeMicros: number): void {
    this.#offs.add([{ timeMicros, isKill: false }])
  }

  /** Whether no strategy has a position or an open order. */
  get isFlat(): boolean {
    return this.traders.every(trader => trader.isFlat)
  }

  /** Begins the run: before the first tick. */
  start(timeMicros: number): void {
    this.nowMicros = timeMicros
    this.#schedule.start(timeMicros)
    for (const trader of this.traders) trader.start()
  }

  /** Plays rows `start` to `end`-1, in their order. */
  playTrades(columns: TradeColumns, start: number, end: number): void {
    const trade = this.#trade
    const byVenueTime = this.#byVenueTime
    for (let row = start; row < end; row++) {
      const at = this.#find(columns.venues.words[columns.venue[row]!]!, columns.symbols.words[columns.symbol[row]!]!)
      if (at < 0) continue
      trade.receivedAtMicros = readWholeMicros(columns.receivedAtWords, row)
      trade.timestampMicros = readWholeMicros(columns.timestampWords, row)
      this.advance(byVenueTime ? trade.timestampMicros : trade.receivedAtMicros)
      trade.instrument = this.#instruments[at]!
      trade.price = columns.price[row]!
      trade.volume = columns.volume[row]!
      trade.side = columns.side[row]! as TradeEvent['side']
      trade.isRepaired = !byVenueTime && columns.origin[row] === ORIGIN.repair
      this.#playTrade(at, trade)
    }
  }

  /** The same for quotes. */
  playQuotes(columns: QuoteColumns, start: number, end: number): void {
    const quote = this.#quote
    for (let row = start; row < end; row++) {
      const at = this.#find(columns.venues.words[columns.venue[row]!]!, columns.symbols.words[columns.symbol[row]!]!)
      if (at < 0) continue
      const receivedAt = readWholeMicros(columns.receivedAtWords, row)
      this.advance(receivedAt)
      quote.instrument = this.#instruments[at]!
      quote.receivedAtMicros = receivedAt
      quote.bidPrice = columns.bidPrice[row]!
      quote.bidSize = columns.bidSize[row]!
      quote.askPrice = columns.askPrice[row]!
      quote.askSize = columns.askSize[row]!
      this.#playQuote(at, quote)
    }
  }

  /** Makes everything happen that is due until a time, which never runs back. */
  advance(timeMicros: number): void {
    const { changes } = this.tape
    const funding = this.#funding
    const offs = this.#offs
    for (;;) {
      let next: Due = this.#schedule
      if (funding.nextMicros <= next.nextMicros) next = funding
      if (changes.nextMicros <= next.nextMicros) next = changes
      if (offs.nextMicros <= next.nextMicros) next = offs
      if (next.nextMicros > timeMicros) break
      this.nowMicros = Math.max(this.nowMicros, next.nextMicros)
      next.run()
    }
    if (timeMicros > this.nowMicros) this.nowMicros = timeMicros
  }

  /** Ends the run: everything due until a time, and a last mark of the accounts. */
  end(timeMicros: number): void {
    this.advance(timeMicros)
    this.#mark()
  }

  #playTrade(at: number, trade: TradeEvent): void {
    this.trades++
    const { books, nowMicros } = this
    if (!trade.isRepaired) {
      books.lastPrice[at] = trade.price
      books.seenMicros[at] = nowMicros
      if (this.tape.isStale(at)) this.tape.refresh(at)
      this.volumes.add(at, nowMicros, trade.volume)
      if (!this.#byVenueTime) this.tape.clocks.see(at, trade.receivedAtMicros - trade.timestampMicros)
      const isQuoted = this.#isQuoted[at] === 1
      if (!isQuoted) books.setQuote(at, trade.price, trade.volume, trade.price, trade.volume)
      for (const { broker } of this.#holders[at]!) {
        if (broker.open[at] === 0) continue
        if (isQuoted) broker.onTrade(at, trade.price, trade.volume, nowMicros)
        else broker.onQuote(at, nowMicros)
      }
    }
    for (const bars of this.#bars) bars.add(trade)
    for (const trader of this.#seeTrades[at]!) trader.strategy.onTrade!(trade, trader)
  }

  #playQuote(at: number, quote: QuoteEvent): void {
    this.quotes++
    const { books, nowMicros } = this
    books.seenMicros[at] = nowMicros
    if (this.tape.isStale(at)) this.tape.refresh(at)
    books.setQuote(at, quote.bidPrice, quote.bidSize, quote.askPrice, quote.askSize)
    for (const { broker } of this.#holders[at]!) if (broker.open[at] !== 0) broker.onQuote(at, nowMicros)
    for (const trader of this.#seeQuotes[at]!) trader.strategy.onQuote!(quote, trader)
  }

  /** Marks the accounts. Their sum may have reached a limit of the portfolio. */
  #mark(): void {
    let equity = 0n
    for (const trader of this.traders) {
      trader.markEquity()
      equity += trader.account.equity(this.books)
    }
    const breach = this.#losses.mark(equity, this.nowMicros)
    if (!breach) return
    const limit = breach.limit === 'drawdown' ? 'portfolio_drawdown' : 'portfolio_daily_loss'
    for (const trader of this.traders) trader.kill({ ...breach, limit })
  }

  #payFunding(payment: FundingPayment): void {
    const instrument = this.#instruments[payment.at]!
    for (const { account } of this.#holders[payment.at]!) {
      const amount = received(payment, account.positions.get(payment.at)!.quantity, instrument)
      if (amount !== 0n) account.pay(amount, instrument, this.nowMicros)
    }
  }

  #plan(markSeconds: number): void {
    const withBars = this.traders.filter(({ strategy }) => strategy.onBar && strategy.barSeconds)
    for (const [seconds, seeing] of Map.groupBy(withBars, ({ strategy }) => strategy.barSeconds!)) {
      const bars = new Bars(seconds, this.#instruments)
      this.#bars.push(bars)
      this.#schedule.every(seconds * MICROS, time =>
        bars.close(time, bar => {
          for (const trader of seeing)
            if (trader.instruments.includes(bar.instrument)) trader.strategy.onBar!(bar, trader)
        }),
      )
    }
    this.#schedule.every(MICROS, time => {
      this.tape.check(time)
      this.holding.observe()
    })
    this.#schedule.every(WINDOW_SECONDS * MICROS, () => this.tape.checkClocks())
    for (const trader of this.traders) {
      const { strategy } = trader
      if (strategy.timerSeconds && strategy.onTimer)
        this.#schedule.every(strategy.timerSeconds * MICROS, time => strategy.onTimer!(time, trader))
    }
    this.#schedule.every(markSeconds * MICROS, () => this.#mark())
  }

  /** The index of an instrument; -1 if it is not in the portfolio. */
  #find(venue: string, symbol: string): number {
    if (symbol === this.#lastSymbol && venue === this.#lastVenue) return this.#lastAt
    this.#lastVenue = venue
    this.#lastSymbol = symbol
    this.#lastAt = this.#byName.get(venue)?.get(symbol) ?? -1
    return this.#lastAt
  }
}

function byName(instruments: readonly Instrument[]): Map<string, Map<string, number>> {
  const names = new Map<string, Map<string, number>>()
  for (const { venue, symbol, index } of instruments) {
    const symbols = names.get(venue) ?? new Map<string, number>()
    names.set(venue, symbols.set(symbol, index))
  }
  return names
}
