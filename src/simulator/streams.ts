/**
 * Who gets which trades: clients of the same subscription form one feed, whose frames are written once for all of them, in
 * the order of the market.
 */

import { TradeFrame } from '../venues/binance/trade-frame.ts'
import { FrameBuffer } from '../venues/websocket-frames.ts'
import type { TradeFaults } from './controls.ts'
import type { Instrument } from './instruments.ts'
import type { Order } from './market.ts'
import type { Subscriber } from './subscriber.ts'

interface FeedSession {
  readonly key: string
  /** By instrument: its frames if this feed carries them. */
  readonly frames: readonly (TradeFrame | undefined)[]
  readonly subscribers: Set<Subscriber>
  readonly out: FrameBuffer
  /** Frames in `out`. */
  pending: number
}

export class Streams {
  /** Frames and bytes handed to sockets, and frames that a half-open or closing connection did not get. */
  framesSent = 0
  bytesSent = 0
  framesUndelivered = 0
  readonly #feeds = new Map<string, FeedSession>()
  readonly #feedOf = new Map<Subscriber, FeedSession>()
  /** By instrument: the feeds that carry it. */
  #carriers: FeedSession[][] = []
  readonly #indexOf: ReadonlyMap<string, number>
  readonly #instruments: readonly Instrument[]
  /** Frames by the key of their form. */
  readonly #frames = new Map<string, readonly TradeFrame[]>()
  readonly #faults: TradeFaults
  /** By instrument: until when its trades are sent to nobody, by `performance.now`. */
  readonly #silentUntilMs: number[]

  constructor(instruments: readonly Instrument[], faults: TradeFaults) {
    this.#indexOf = new Map(instruments.map((instrument, index) => [`${instrument.symbol.toLowerCase()}@trade`, index]))
    this.#instruments = instruments
    this.#faults = faults
    this.#silentUntilMs = instruments.map(() => 0)
  }

  get subscribers(): Iterable<Subscriber> {
    return this.#feedOf.keys()
  }

  get size(): number {
    return this.#feedOf.size
  }

  /** Puts a client, new or changed, into the feed of its streams. */
  place(subscriber: Subscriber): void {
    this.remove(subscriber)
    const wanted = new Set<number>()
    for (const stream of subscriber.streams) {
      const index = this.#indexOf.get(stream)
      if (index !== undefined) wanted.add(index)
    }
    const { combined, micros } = subscriber.form
    const formKey = `${combined ? 'combined' : 'plain'} ${micros ? 'micros' : 'ms'}`
    const key = `${formKey} ${[...wanted].sort((a, b) => a - b).join(' ')}`
    let feed = this.#feeds.get(key)
    if (!feed) {
      let all = this.#frames.get(formKey)
      if (!all) {
        all = this.#instruments.map(instrument => new TradeFrame(instrument, { combined, micros }))
        this.#frames.set(formKey, all)
      }
      const frames = all.map((frame, index) => (wanted.has(index) ? frame : undefined))
      feed = { key, frames, subscribers: new Set(), out: new FrameBuffer(), pending: 0 }
      this.#feeds.set(key, feed)
    }
    feed.subscribers.add(subscriber)
    this.#feedOf.set(subscriber, feed)
    this.#findCarriers()
  }

  remove(subscriber: Subscriber): void {
    const feed = this.#feedOf.get(subscriber)
    if (!feed) return
    this.#feedOf.delete(subscriber)
    feed.subscribers.delete(subscriber)
    if (feed.subscribers.size === 0) this.#feeds.delete(feed.key)
    this.#findCarriers()
  }

  /** Sends trades of a symbol to nobody until then; does nothing where there is no such symbol. */
  silence(symbol: string, untilMs: number): void {
    const index = this.#indexOf.get(`${symbol.toLowerCase()}@trade`)
    if (index !== undefined) this.#silentUntilMs[index] = untilMs
  }

  /** Writes an order's trades into the feeds that carry its symbol. */
  publish(order: Order, timeMicros: number): void {
    const feeds = this.#carriers[order.instrument]
    if (!feeds || feeds.length === 0) return
    const silentUntilMs = this.#silentUntilMs[order.instrument]!
    if (silentUntilMs > 0) {
      if (performance.now() < silentUntilMs) return
      this.#silentUntilMs[order.instrument] = 0
    }
    for (let fill = 0; fill < order.fills; fill++) {
      const fate = this.#faults.next()
      if (fate === 'dropped') continue
      for (const feed of feeds) {
        const frame = feed.frames[order.instrument]!
        frame.stamp(timeMicros)
        if (fate === 'malformed') frame.writeCutOff(feed.out, order.firstId + fill)
        else
          frame.write(feed.out, order.firstId + fill, order.priceTicks[fill]!, order.volumeSteps[fill]!, order.isSell)
        if (fate === 'repeated') {
          frame.write(feed.out, order.firstId + fill, order.priceTicks[fill]!, order.volumeSteps[fill]!, order.isSell)
          feed.pending++
        }
        feed.pending++
      }
    }
  }

  /** Hands what was published to the sockets. */
  flush(): void {
    for (const feed of this.#feeds.values()) {
      if (feed.pending === 0) continue
      const frames = feed.out.take()
      for (const subscriber of feed.subscribers) {
        if (subscriber.send(frames)) {
          this.framesSent += feed.pending
          this.bytesSent += frames.length
        } else {
          this.framesUndelivered += feed.pending
        }
      }
      feed.pending = 0
    }
  }

  #findCarriers(): void {
    this.#carriers = this.#instruments.map((_, index) => [...this.#feeds.values()].filter(feed => feed.frames[index]))
  }
}
