/**
 * Matches a strategy's orders with the recorded market. An order is matched with the first state of its instrument's quote that
 * was received when the order arrived or later; without a latency, with the state that it was sent at.
 */
import type { Books } from '../market/books.ts'
import { type Instrument, lesser } from '../market/instrument.ts'
import type { Order } from './order.ts'
import type { FillRules } from './rules.ts'

export interface BrokerListener {
  onFill(order: Order, price: bigint, quantity: bigint, isMaker: boolean): void
  /** The order reached a final state. */
  onEnd(order: Order): void
}

/** Orders of one instrument that are not final, and what they took from the current state of its quote. */
interface Desk {
  orders: Order[]
  version: number
  takenBid: bigint
  takenAsk: bigint
  readonly priceScale: number
  readonly quantityScale: number
}

export class Broker {
  /** Number of orders of each instrument that are not final. */
  readonly open: Uint32Array
  readonly #books: Books
  readonly #rules: FillRules
  readonly #listener: BrokerListener
  readonly #isQuoted: (instrument: Instrument) => boolean
  readonly #desks = new Map<number, Desk>()

  /** `isQuoted`: whether quotes of the instrument are recorded; else its trades stand for them. */
  constructor(
    books: Books,
    instruments: number,
    rules: FillRules,
    isQuoted: (instrument: Instrument) => boolean,
    listener: BrokerListener,
  ) {
    this.open = new Uint32Array(instruments)
    this.#books = books
    this.#rules = rules
    this.#isQuoted = isQuoted
    this.#listener = listener
  }

  submit(order: Order, nowMicros: number): void {
    const at = order.instrument.index
    this.#deskOf(order.instrument).orders.push(order)
    this.open[at]!++
    if (order.arrivesAtMicros <= nowMicros && this.#books.version[at]! > 0) {
      this.#arrive(order, nowMicros)
      this.#removeEnded(at)
    }
  }

  /** A cancel that arrives at a time. One without a latency takes effect immediately. */
  cancel(order: Order, arrivesAtMicros: number, nowMicros: number): void {
    order.cancelAtMicros = Math.min(order.cancelAtMicros, arrivesAtMicros)
    if (order.cancelAtMicros > nowMicros) return
    this.#end(order, 'cancelled', 'by the strategy', nowMicros)
    this.#removeEnded(order.instrument.index)
  }

  ordersOf({ index }: Instrument): readonly Order[] {
    return this.#desks.get(index)?.orders ?? []
  }

  /** After the books took a new state of the instrument's quote. */
  onQuote(at: number, nowMicros: number): void {
    const { orders } = this.#desks.get(at)!
    // Orders that are sent meanwhile, by `onFill`, have been matched with this state already.
    for (let index = 0, end = orders.length; index < end; index++) {
      const order = orders[index]!
      if (this.#endsBefore(order, nowMicros)) continue
      if (order.state === 'sent') {
        if (order.arrivesAtMicros <= nowMicros) this.#arrive(order, nowMicros)
      } else if (Number.isNaN(order.limit)) this.#take(order, nowMicros)
      else this.#fillResting(order, at, nowMicros)
    }
    this.#removeEnded(at)
  }

  /** After a trade of an instrument whose quotes are recorded. */
  onTrade(at: number, price: number, volume: number, nowMicros: number): void {
    const desk = this.#desks.get(at)!
    for (let index = 0, end = desk.orders.length; index < end; index++) {
      const order = desk.orders[index]!
      if (this.#endsBefore(order, nowMicros) || order.state !== 'working' || Number.isNaN(order.limit)) continue
      if (isBeyond(order, price)) this.#fillAtLimit(order, sizeUnits(volume, desk), nowMicros)
      else if (this.#rules.limits === 'touch' && price === order.limit)
        this.#fillAtLimit(order, order.remaining, nowMicros)
    }
    this.#removeEnded(at)
  }

  #endsBefore(order: Order, nowMicros: number): boolean {
    if (order.cancelAtMicros <= nowMicros && !isFinal(order))
      this.#end(order, 'cancelled', 'by the strategy', nowMicros)
    return isFinal(order)
  }

  #arrive(order: Order, nowMicros: number): void {
    order.state = 'working'
    this.#take(order, nowMicros)
    if (!isFinal(order) && order.immediateOrCancel) this.#end(order, 'cancelled', 'not filled on arrival', nowMicros)
  }

  /** Takes from the quote, up to its size and the order's limit. */
  #take(order: Order, nowMicros: number): void {
    const { instrument, direction } = order
    const at = instrument.index
    const desk = this.#deskOf(instrument)
    if (desk.version !== this.#books.version[at]) {
      desk.version = this.#books.version[at]!
      desk.takenBid = desk.takenAsk = 0n
    }
    const buys = direction === 1
    const best = (buys ? this.#books.askPrice : this.#books.bidPrice)[at]!
    const shown = sizeUnits((buys ? this.#books.askSize : this.#books.bidSize)[at]!, desk)
    if (!(best > 0)) return
    const slippage = this.#isQuoted(instrument) ? 0n : BigInt(this.#rules.slippageTicks)
    const price = worse(priceUnits(best, desk), instrument, direction, slippage)
    if (isPastLimit(order, price, desk)) return
    const left = shown - (buys ? desk.takenAsk : desk.takenBid)
    const quantity = lesser(left, order.remaining)
    if (quantity > 0n) {
      if (this.#rules.consumes) {
        if (buys) desk.takenAsk += quantity
        else desk.takenBid += quantity
      }
      this.#fill(order, price, quantity, false, nowMicros)
    }
    if (order.remaining === 0n || this.#rules.rest !== 'one_tick') return
    const next = worse(price, instrument, direction, 1n)
    if (!isPastLimit(order, next, desk)) this.#fill(order, next, order.remaining, false, nowMicros)
  }

  #fillResting(order: Order, at: number, nowMicros: number): void {
    const desk = this.#desks.get(at)!
    const buys = order.direction === 1
    const opposite = (buys ? this.#books.askPrice : this.#books.bidPrice)[at]!
    if (!(opposite > 0)) return
    if (this.#rules.limits === 'touch') {
      if (opposite === order.limit || isBeyond(order, opposite)) this.#fillAtLimit(order, order.remaining, nowMicros)
    } else if (isBeyond(order, opposite)) {
      const shown = sizeUnits((buys ? this.#books.askSize : this.#books.bidSize)[at]!, desk)
      this.#fillAtLimit(order, shown, nowMicros)
    }
  }

  #fillAtLimit(order: Order, available: bigint, nowMicros: number): void {
    const quantity = lesser(available, order.remaining)
    if (quantity > 0n)
      this.#fill(order, priceUnits(order.limit, this.#deskOf(order.instrument)), quantity, true, nowMicros)
  }

  #fill(order: Order, price: bigint, quantity: bigint, isMaker: boolean, nowMicros: number): void {
    order.remaining -= quantity
    this.#listener.onFill(order, price, quantity, isMaker)
    if (order.remaining === 0n) this.#end(order, 'filled', '', nowMicros)
  }

  #end(order: Order, state: Order['state'], reason: string, nowMicros: number): void {
    order.state = state
    order.reason = reason
    order.endedAtMicros = nowMicros
    this.#listener.onEnd(order)
  }

  #removeEnded(at: number): void {
    const desk = this.#desks.get(at)!
    if (!desk.orders.some(isFinal)) return
    desk.orders = desk.orders.filter(order => !isFinal(order))
    this.open[at] = desk.orders.length
  }

  #deskOf({ index, priceDecimals, quantityDecimals }: Instrument): Desk {
    let desk = this.#desks.get(index)
    if (!desk) {
      const scales = { priceScale: 10 ** priceDecimals, quantityScale: 10 ** quantityDecimals }
      desk = { orders: [], version: 0, takenBid: 0n, takenAsk: 0n, ...scales }
      this.#desks.set(index, desk)
    }
    return desk
  }
}

export const isFinal = ({ state }: Order): boolean => state !== 'sent' && state !== 'working'

/** A price at which the market went through a resting limit. */
function isBeyond({ direction, limit }: Order, price: number): boolean {
  return direction === 1 ? price < limit : price > limit
}

function isPastLimit({ direction, limit }: Order, price: bigint, desk: Desk): boolean {
  if (Number.isNaN(limit)) return false
  const bound = priceUnits(limit, desk)
  return direction === 1 ? price > bound : price < bound
}

function worse(price: bigint, { tick }: Instrument, direction: number, ticks: bigint): bigint {
  const moved = price + BigInt(direction) * ticks * tick
  return moved > 0n ? moved : price
}

/** To the nearest: prices of the market are whole units. */
const priceUnits = (price: number, { priceScale }: Desk): bigint => BigInt(Math.round(price * priceScale))

/** Rounded down, but for the error of the multiplication. */
const sizeUnits = (size: number, { quantityScale }: Desk): bigint =>
  BigInt(Math.floor(size * quantityScale * (1 + 2 ** -50)))
