/**
 * What the simulated exchange remembers: the latest trades of each symbol in columns of fixed length, found by id. It is what
 * REST answers from, and what fills a hole that a cut connection left.
 */
import type { Instrument } from './instruments.ts'
import type { Order } from './market.ts'

/** A trade as remembered: ticks and steps of its instrument, microseconds since 1970 UTC. */
export interface PastTrade {
  id: number
  priceTicks: number
  volumeSteps: number
  timeMicros: number
  isSell: boolean
}

export class History {
  readonly instrument: Instrument
  readonly capacity: number
  readonly #priceTicks: Float64Array
  readonly #volumeSteps: Float64Array
  readonly #timeMicros: Float64Array
  readonly #isSell: Uint8Array
  #nextId: number
  /** Where the next trade goes. */
  #cursor = 0
  #length = 0

  constructor(instrument: Instrument, capacity: number, nextId: number) {
    this.instrument = instrument
    this.capacity = capacity
    this.#priceTicks = new Float64Array(capacity)
    this.#volumeSteps = new Float64Array(capacity)
    this.#timeMicros = new Float64Array(capacity)
    this.#isSell = new Uint8Array(capacity)
    this.#nextId = nextId
  }

  /** The oldest id still known; equal to `nextId` when there is none. */
  get firstId(): number {
    return this.#nextId - this.#length
  }

  get nextId(): number {
    return this.#nextId
  }

  /** Takes the trades of an order; the oldest ones go when the columns are full. */
  record(order: Order, timeMicros: number): void {
    for (let fill = 0; fill < order.fills; fill++) {
      this.#priceTicks[this.#cursor] = order.priceTicks[fill]!
      this.#volumeSteps[this.#cursor] = order.volumeSteps[fill]!
      this.#timeMicros[this.#cursor] = timeMicros
      this.#isSell[this.#cursor] = order.isSell ? 1 : 0
      this.#cursor = this.#cursor + 1 === this.capacity ? 0 : this.#cursor + 1
    }
    this.#length = Math.min(this.capacity, this.#length + order.fills)
    this.#nextId += order.fills
  }

  /** Known trades in order of id: from `fromId` on if given, otherwise the latest. Forgotten ones are left out. */
  read(fromId: number | undefined, limit: number): PastTrade[] {
    const first = Math.max(this.firstId, fromId ?? this.#nextId - limit)
    const trades: PastTrade[] = []
    for (let id = first; id < Math.min(first + limit, this.#nextId); id++) {
      const place = (this.#cursor - (this.#nextId - id) + this.capacity) % this.capacity
      trades.push({
        id,
        priceTicks: this.#priceTicks[place]!,
        volumeSteps: this.#volumeSteps[place]!,
        timeMicros: this.#timeMicros[place]!,
        isSell: this.#isSell[place] === 1,
      })
    }
    return trades
  }
}
