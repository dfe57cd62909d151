/**
 * The simulated exchange: a real local server with a seeded market, in Binance's combined-stream WebSocket and REST
 * formats. Without access to a venue, a new user or a test still exercises socket, decoder, log and store.
 *
 * The market trades with or without clients, on one sequence of ids, so a cut connection leaves a gap that REST fills.
 */
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { WebSocket } from 'ws'
import { nowMicros } from '../clock.ts'
import type { StreamForm } from '../venues/binance/trade-frame.ts'
import { CONTROLS, type Control, type ControlName, type ControlOptions, TradeFaults } from './controls.ts'
import { type ExchangeHandler, ExchangeServer } from './exchange-server.ts'
import { History } from './history.ts'
import { Bars, PUSH_EVERY_MS } from './klines.ts'
import { Books, type Top } from './market/books.ts'
import { Market, type Order } from './market/market.ts'
import { Trading, type TradingEvents } from './market/trading.ts'
import { type ExchangeOptions, type ExchangeStats, validated } from './options.ts'
import { answerRest, type RestAnswer } from './rest.ts'
import { STREAM_TYPES, type StreamKind, Streams } from './streams.ts'
import { type CutReason, PING_EVERY_MS, Subscriber, type SubscriberEvents } from './subscriber.ts'
import { RateTimer } from './tick-timer.ts'

/** Interval at which due trades are made and sent: too short to be visible. */
const STEP_MS = 5
/**
 * Maximum trades of one step, so that catching up does not delay pings and REST for long, and stays far below what a
 * client may leave unread.
 */
const STEP_TRADES_MAX = 8_000
const HISTORY_TRADES = 1_000_000
/** Minimum history of a symbol that trades little: a few pages of REST. */
const HISTORY_TRADES_MIN = 5_000

export interface Exchange {
  /** Values for `TICKHOUSE_SIMULATOR_WS` and `TICKHOUSE_SIMULATOR_REST`. */
  readonly wsUrl: string
  readonly restUrl: string
  /** Runs one of `CONTROLS`. Throws a ZodError for invalid options. */
  control<Name extends ControlName>(name: Name, options: ControlOptions<Name>): void
  stats(): ExchangeStats
  /** The next id of each symbol: a later run continues from there with `nextIds`. */
  nextIds(): Record<string, number>
  /** Ends all connections and frees the port. */
  close(): Promise<void>
}

/** Starts an exchange. Throws `usage` for invalid symbols or rates, `address_in_use` if the port is in use. */
export async function startExchange(options: ExchangeOptions): Promise<Exchange> {
  const exchange = new SimulatedExchange(validated(options))
  await exchange.listen(options.host ?? '127.0.0.1', options.port ?? 0)
  return exchange
}

class SimulatedExchange implements Exchange, ExchangeHandler, SubscriberEvents, TradingEvents {
  wsUrl = ''
  restUrl = ''
  readonly #market: Market
  readonly #histories: readonly History[]
  readonly #historyOf: ReadonlyMap<string, History>
  readonly #timer: RateTimer
  readonly #faults = new TradeFaults()
  readonly #streams: Streams
  readonly #bars: Bars
  readonly #books: Books
  readonly #topOf: (symbol: string) => Top
  readonly #trading: Trading
  readonly #server = new ExchangeServer(this)
  readonly #timers: NodeJS.Timeout[] = []
  #trades = 0
  #stepMicros = 0
  #opensAtRate: number | undefined
  #refuse = { requests: 0, msg: '' }
  readonly #cuts: Record<CutReason, number> = { slow: 0, chatty: 0, unresponsive: 0 }
  readonly #connectionFaults = {
    delayed: 0,
    cut: 0,
    silenced: 0,
    shutdownNotices: 0,
    symbolsSilenced: 0,
    streamsEnded: 0,
    subscriptionsRefused: 0,
  }

  constructor(options: ExchangeOptions) {
    this.#market = new Market(options)
    this.#bars = new Bars(this.#market.instruments)
    this.#books = new Books(this.#market, options.seed, options.lastUpdateIds)
    this.#trading = new Trading(this.#market, this.#books, options.seed, this)
    const trades = options.historyTrades ?? HISTORY_TRADES
    this.#histories = this.#market.instruments.map((instrument, index) => {
      const capacity = Math.max(HISTORY_TRADES_MIN, Math.floor(trades * this.#market.shares[index]!))
      return new History(instrument, capacity, this.#market.nextId(index))
    })
    const indexOf = new Map(this.#market.instruments.map(({ symbol }, index) => [symbol, index]))
    this.#topOf = symbol => this.#books.read(indexOf.get(symbol)!)
    this.#historyOf = new Map(this.#histories.map(history => [history.instrument.symbol, history]))
    if (options.opensWithFirstClient) this.#opensAtRate = options.ratePerSecond
    this.#timer = new RateTimer(options.opensWithFirstClient ? 0 : options.ratePerSecond, performance.now())
    this.#streams = new Streams(this.#market.instruments, this.#faults)
  }

  async listen(host: string, port: number): Promise<void> {
    const authority = await this.#server.listen(host, port)
    this.wsUrl = `ws://${authority}`
    this.restUrl = `http://${authority}`
    this.#timers.push(
      setInterval(() => this.#step(), STEP_MS),
      setInterval(() => this.#bars.push(this.#streams.subscribers, nowMicros()), PUSH_EVERY_MS),
      setInterval(() => {
        for (const subscriber of this.#streams.subscribers) subscriber.ping()
      }, PING_EVERY_MS),
    )
  }

  control<Name extends ControlName>(name: Name, options: ControlOptions<Name>): void {
    this.controlled({ name, options: CONTROLS[name].parse(options) } as Control)
  }

  stats(): ExchangeStats {
    const { dropped, repeated, malformed } = this.#faults
    const { framesSent, bytesSent, framesUndelivered, size } = this.#streams
    return {
      trades: this.#trades,
      quotes: this.#trading.quotes,
      ...this.#server.counts,
      tradesSkipped: this.#timer.skipped,
      framesSent,
      bytesSent,
      framesUndelivered,
      clients: size,
      cut: { ...this.#cuts },
      faults: { dropped, repeated, malformed, ...this.#connectionFaults },
    }
  }

  nextIds(): Record<string, number> {
    return Object.fromEntries(this.#histories.map(history => [history.instrument.symbol, history.nextId]))
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    const closed = this.#server.close()
    for (const subscriber of this.#streams.subscribers) subscriber.terminate()
    await closed
  }

  connected(ws: WebSocket, socket: Socket, form: StreamForm, streams: readonly string[]): void {
    this.#streams.assign(new Subscriber(ws, socket, form, streams, this))
    if (this.#opensAtRate === undefined) return
    this.#timer.setRate(this.#opensAtRate, performance.now())
    this.#opensAtRate = undefined
  }

  answer(url: URL, micros: boolean): RestAnswer {
    return answerRest(url, this.#historyOf, this.#topOf, nowMicros(), micros)
  }

  changed(subscriber: Subscriber): void {
    this.#streams.assign(subscriber)
  }

  left(subscriber: Subscriber): void {
    this.#streams.remove(subscriber)
  }

  refusal(): string | undefined {
    if (this.#refuse.requests === 0) return undefined
    this.#refuse.requests--
    this.#connectionFaults.subscriptionsRefused++
    return this.#refuse.msg
  }

  cut(reason: CutReason): void {
    this.#cuts[reason]++
  }

  controlled(control: Control): ExchangeStats {
    const subscribers = [...this.#streams.subscribers]
    switch (control.name) {
      case 'drop':
      case 'repeat':
        this.#faults.add(control.name, control.options.trades)
        break
      case 'malformed':
        this.#faults.add('malformed', control.options.frames)
        break
      case 'delay':
        for (const subscriber of subscribers) subscriber.delay(control.options.ms)
        this.#connectionFaults.delayed += subscribers.length
        break
      case 'cut':
        for (const subscriber of subscribers) subscriber.terminate()
        this.#connectionFaults.cut += subscribers.length
        break
      case 'goSilent':
        for (const subscriber of subscribers) subscriber.goSilent(control.options.ms)
        this.#connectionFaults.silenced += subscribers.length
        break
      case 'silence':
        this.#streams.silence(
          control.options.symbol,
          kindsOf(control.options.kind),
          performance.now() + control.options.ms,
        )
        this.#connectionFaults.symbolsSilenced++
        break
      case 'endStream':
        for (const kind of kindsOf(control.options.kind)) {
          const stream = `${control.options.symbol.toLowerCase()}@${STREAM_TYPES[kind]}`
          for (const subscriber of subscribers) subscriber.end(stream)
        }
        this.#connectionFaults.streamsEnded++
        break
      case 'refuse':
        this.#refuse = { requests: control.options.requests, msg: control.options.msg }
        break
      case 'rateLimit':
        this.#server.refuse(
          control.options.connects ?? 0,
          control.options.requests ?? 0,
          control.options.retryAfterSeconds,
        )
        break
      case 'serverShutdown':
        for (const subscriber of subscribers) {
          subscriber.notify('!serverShutdown', { e: 'serverShutdown', E: Date.now() })
        }
        this.#connectionFaults.shutdownNotices += subscribers.length
        break
      case 'setRate':
        this.#timer.setRate(control.options.ratePerSecond, performance.now())
        if (control.options.ratePerSecond > 0) this.#market.setRate(control.options.ratePerSecond)
        break
    }
    return this.stats()
  }

  executed(order: Order): void {
    this.#histories[order.instrument]!.record(order, this.#stepMicros)
    this.#bars.record(order, this.#stepMicros)
    this.#streams.publish(order, this.#stepMicros)
  }

  quoted(top: Top): void {
    this.#streams.publishQuote(top)
  }

  #step(): void {
    this.#stepMicros = nowMicros()
    const made = this.#trading.run(Math.min(this.#timer.due(performance.now()), STEP_TRADES_MAX))
    this.#timer.made(made)
    this.#trades += made
    this.#streams.flush()
  }
}

const kindsOf = (kind: StreamKind | undefined): readonly StreamKind[] => (kind ? [kind] : ['trades', 'quotes'])
