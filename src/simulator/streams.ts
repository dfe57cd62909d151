/**
 * Distributes trades: clients with the same subscription form a group, whose frames are written once, in market order.
 */

import { TradeFrame } from '../venues/binance/trade-frame.ts'
import { FrameBuffer } from '../venues/websocket-frames.ts'
import type { TradeFaults } from './controls.ts'
import type { Instrument } from './instruments.ts'
import type { Order } from './market.ts'
import type { Subscriber } from './subscriber.ts'

interface SubscriptionGroup {
  readonly key: string
  /** By instrument: its frame writer, if the group subscribes to it. */
  readonly frames: readonly (TradeFrame | undefined)[]
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
  /** By instrument: the groups subscribed to it. */
  #groupsOf: SubscriptionGroup[][] = []
  readonly #indexOf: ReadonlyMap<string, number>
  readonly #instruments: readonly Instrument[]
  /** Frame writers by the key of their form. */
  readonly #frames = new Map<string, readonly TradeFrame[]>()
  readonly #faults: TradeFaults
  /** By instrument: until when its trades are not sent, by `performance.now`. */
  readonly #silentUntilMs: number[]

  constructor(instruments: readonly Instrument[], faults: TradeFaults) {
    this.#indexOf = new Map(instruments.map((instrument, index) => [`${instrument.symbol.toLowerCase()}@trade`, index]))
    this.#instruments = instruments
    this.#faults = faults
    this.#silentUntilMs = instruments.map(() => 0)
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
    const wanted = new Set<number>()
    for (const stream of subscriber.streams) {
      const index = this.#indexOf.get(stream)
      if (index !== undefined) wanted.add(index)
    }
    const { combined, micros } = subscriber.form
    const formKey = `${combined ? 'combined' : 'plain'} ${micros ? 'micros' : 'ms'}`
    const key = `${formKey} ${[...wanted].sort((a, b) => a - b).join(' ')}`
    let group = this.#groups.get(key)
    if (!group) {
      let all = this.#frames.get(formKey)
      if (!all) {
        all = this.#instruments.map(instrument => new TradeFrame(instrument, { combined, micros }))
        this.#frames.set(formKey, all)
      }
      const frames = all.map((frame, index) => (wanted.has(index) ? frame : undefined))
      group = { key, frames, subscribers: new Set(), out: new FrameBuffer(), pending: 0 }
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

  /** Sends no trades of a symbol until `untilMs`; ignores unknown symbols. */
  silence(symbol: string, untilMs: number): void {
    const index = this.#indexOf.get(`${symbol.toLowerCase()}@trade`)
    if (index !== undefined) this.#silentUntilMs[index] = untilMs
  }

  /** Writes an order's trades for the groups subscribed to its symbol. */
  publish(order: Order, timeMicros: number): void {
    const groups = this.#groupsOf[order.instrument]
    if (!groups || groups.length === 0) return
    const silentUntilMs = this.#silentUntilMs[order.instrument]!
    if (silentUntilMs > 0) {
      if (performance.now() < silentUntilMs) return
      this.#silentUntilMs[order.instrument] = 0
    }
    for (let fill = 0; fill < order.fills; fill++) {
      const fault = this.#faults.next()
      if (fault === 'dropped') continue
      for (const group of groups) {
        const frame = group.frames[order.instrument]!
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

  #indexGroups(): void {
    this.#groupsOf = this.#instruments.map((_, index) =>
      [...this.#groups.values()].filter(group => group.frames[index]),
    )
  }
}
