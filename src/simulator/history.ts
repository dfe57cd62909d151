/** The latest trades of a symbol in fixed-length columns, found by id: the source of REST answers and gap fills. */
import type { Instrument } from './market/instruments.ts'
import type { Order } from './market/market.ts'

/** A past trade, in ticks and steps of its instrument; time in µs since 1970 UTC. */
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
  /** Index of the next trade. */
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

  /** The oldest id kept; equal to `nextId` if there is none. */
  get firstId(): number {
    return this.#nextId - this.#length
  }

  get nextId(): number {
    return this.#nextId
  }

  /** Adds the trades of an order; overwrites the oldest when full. */
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

  /** Kept trades in order of id: from `fromId` on if given, otherwise the latest. */
  read(fromId: number | undefined, limit: number): PastTrade[] {
    const first = Math.max(this.firstId, fromId ?? this.#nextId - limit)
    const trades: PastTrade[] = []
    for (let id = first; id < Math.min(first + limit, this.#nextId); id++) {
      const index = (this.#cursor - (this.#nextId - id) + this.capacity) % this.capacity
      trades.push({
        id,
        priceTicks: this.#priceTicks[index]!,
        volumeSteps: this.#volumeSteps[index]!,
        timeMicros: this.#timeMicros[index]!,
        isSell: this.#isSell[index] === 1,
      })
    }
    return trades
  }
}
