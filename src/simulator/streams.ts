/**
 * Distributes trades and quotes: clients with the same subscription form a group, whose frames are written once, in
 * market order.
 */

import { QuoteFrame } from '../venues/binance/quote-frame.ts'
import { TradeFrame } from '../venues/binance/trade-frame.ts'
import { FrameBuffer } from '../venues/websocket-frames.ts'
import type { TradeFaults } from './controls.ts'
import type { Top } from './market/books.ts'
import type { Instrument } from './market/instruments.ts'
import type { Order } from './market/market.ts'
import type { Subscriber } from './subscriber.ts'

/** Kinds of ticks with a stream. */
export type StreamKind = 'trades' | 'quotes'
/** As a stream is named behind its symbol: `btcusdt@bookTicker`. */
export const STREAM_TYPES: Readonly<Record<StreamKind, string>> = { trades: 'trade', quotes: 'bookTicker' }

interface SubscriptionGroup {
  readonly key: string
  /** By instrument: its frame writers, if the group subscribes to it. */
  readonly trades: readonly (TradeFrame | undefined)[]
  readonly quotes: readonly (QuoteFrame | undefined)[]
  readonly subscribers: Set<Subscriber>
  readonly out: FrameBuffer
  /** Frames in `out`. */
  pending: number
}

export class Streams {
  /** Frames and bytes written to sockets, and frames not delivered to a half-open or closing connection. */
  framesSent = 0
  bytesSent = 0
  framesUndelivered = 0
  readonly #groups = new Map<string, SubscriptionGroup>()
  readonly #groupOf = new Map<Subscriber, SubscriptionGroup>()
  /** By instrument: the groups subscribed to its trades and quotes. */
  #groupsOfTrades: SubscriptionGroup[][] = []
  #groupsOfQuotes: SubscriptionGroup[][] = []
  /** By lower-case symbol. */
  readonly #indexOf: ReadonlyMap<string, number>
  readonly #instruments: readonly Instrument[]
  /** Frame writers by the key of their form. */
  readonly #writers = new Map<string, { trades: readonly TradeFrame[]; quotes: readonly QuoteFrame[] }>()
  readonly #faults: TradeFaults
  /** By instrument: until when its trades and quotes are not sent, by `performance.now`. */
  readonly #silentUntilMs: { trades: Float64Array; quotes: Float64Array }

  constructor(instruments: readonly Instrument[], faults: TradeFaults) {
    this.#indexOf = new Map(instruments.map(({ symbol }, index) => [symbol.toLowerCase(), index]))
    this.#instruments = instruments
    this.#faults = faults
    const { length } = instruments
    this.#silentUntilMs = { trades: new Float64Array(length), quotes: new Float64Array(length) }
  }

  get subscribers(): Iterable<Subscriber> {
    return this.#groupOf.keys()
  }

  get size(): number {
    return this.#groupOf.size
  }

  /** Puts a client, new or changed, into the group of its streams. */
  assign(subscriber: Subscriber): void {
    this.remove(subscriber)
    const { combined, micros } = subscriber.form
    const formKey = `${combined ? 'combined' : 'plain'} ${micros ? 'micros' : 'ms'}`
    const key = `${formKey} ${[...subscriber.streams].sort().join(' ')}`
    let group = this.#groups.get(key)
    if (!group) {
      let writers = this.#writers.get(formKey)
      if (!writers) {
        writers = {
          trades: this.#instruments.map(instrument => new TradeFrame(instrument, { combined, micros })),
          quotes: this.#instruments.map(instrument => new QuoteFrame(instrument, combined)),
        }
        this.#writers.set(formKey, writers)
      }
      const trades = this.#subscribed(subscriber.streams, STREAM_TYPES.trades, writers.trades)
      const quotes = this.#subscribed(subscriber.streams, STREAM_TYPES.quotes, writers.quotes)
      group = { key, trades, quotes, subscribers: new Set(), out: new FrameBuffer(), pending: 0 }
      this.#groups.set(key, group)
    }
    group.subscribers.add(subscriber)
    this.#groupOf.set(subscriber, group)
    this.#indexGroups()
  }

  remove(subscriber: Subscriber): void {
    const group = this.#groupOf.get(subscriber)
    if (!group) return
    this.#groupOf.delete(subscriber)
    group.subscribers.delete(subscriber)
    if (group.subscribers.size === 0) this.#groups.delete(group.key)
    this.#indexGroups()
  }

  /** Sends nothing of these kinds of a symbol until `untilMs`; ignores unknown symbols. */
  silence(symbol: string, kinds: readonly StreamKind[], untilMs: number): void {
    const index = this.#indexOf.get(symbol.toLowerCase())
    if (index !== undefined) for (const kind of kinds) this.#silentUntilMs[kind][index] = untilMs
  }

  /** Writes an order's trades for the groups subscribed to its symbol. */
  publish(order: Order, timeMicros: number): void {
    const groups = this.#groupsOfTrades[order.instrument]
    if (!groups || groups.length === 0 || this.#isSilent('trades', order.instrument)) return
    for (let fill = 0; fill < order.fills; fill++) {
      const fault = this.#faults.next()
      if (fault === 'dropped') continue
      for (const group of groups) {
        const frame = group.trades[order.instrument]!
        frame.stamp(timeMicros)
        if (fault === 'malformed') frame.writeCutOff(group.out, order.firstId + fill)
        else
          frame.write(group.out, order.firstId + fill, order.priceTicks[fill]!, order.volumeSteps[fill]!, order.isSell)
        if (fault === 'repeated') {
          frame.write(group.out, order.firstId + fill, order.priceTicks[fill]!, order.volumeSteps[fill]!, order.isSell)
          group.pending++
        }
        group.pending++
      }
    }
  }

  /** Writes a quote for the groups subscribed to its symbol. */
  publishQuote({ instrument, updateId, bidTicks, bidSteps, askTicks, askSteps }: Top): void {
    const groups = this.#groupsOfQuotes[instrument]
    if (!groups || groups.length === 0 || this.#isSilent('quotes', instrument)) return
    for (const group of groups) {
      group.quotes[instrument]!.write(group.out, updateId, bidTicks, bidSteps, askTicks, askSteps)
      group.pending++
    }
  }

  /** Writes published frames to the sockets. */
  flush(): void {
    for (const group of this.#groups.values()) {
      if (group.pending === 0) continue
      const frames = group.out.take()
      for (const subscriber of group.subscribers) {
        if (subscriber.send(frames)) {
          this.framesSent += group.pending
          this.bytesSent += frames.length
        } else {
          this.framesUndelivered += group.pending
        }
      }
      group.pending = 0
    }
  }

  #isSilent(kind: StreamKind, instrument: number): boolean {
    const untilMs = this.#silentUntilMs[kind]
    if (untilMs[instrument] === 0) return false
    if (performance.now() < untilMs[instrument]!) return true
    untilMs[instrument] = 0
    return false
  }

  /** By instrument: its writer, if its stream of this type is among those subscribed to. */
  #subscribed<W>(streams: ReadonlySet<string>, type: string, writers: readonly W[]): (W | undefined)[] {
    const found = new Array<W | undefined>(writers.length).fill(undefined)
    for (const stream of streams) {
      const at = stream.indexOf('@')
      const index = this.#indexOf.get(stream.slice(0, at))
      if (index !== undefined && stream.slice(at + 1) === type) found[index] = writers[index]
    }
    return found
  }

  #indexGroups(): void {
    const groups = [...this.#groups.values()]
    this.#groupsOfTrades = this.#instruments.map((_, index) => groups.filter(({ trades }) => trades[index]))
    this.#groupsOfQuotes = this.#instruments.map((_, index) => groups.filter(({ quotes }) => quotes[index]))
  }
}
