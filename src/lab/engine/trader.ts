/** One strategy in a run: its account, its orders, its limits, and what it sees. */
import { Account } from '../accounting/account.ts'
import { Broker } from '../execution/broker.ts'
import type { Fill, Order } from '../execution/order.ts'
import { type FeeRates, type FillRules, RATE_DECIMALS } from '../execution/rules.ts'
import type { Books } from '../market/books.ts'
import {
  type Instrument,
  MONEY_DECIMALS,
  nameOf,
  notionalOf,
  numberOf,
  quantityOf,
  rescaled,
  unitsOf,
} from '../market/instrument.ts'
import type { VolumeWindow } from '../market/volume-window.ts'
import { type Breach, brokenBy, type Limits, LossWatch, type Reached } from '../risk/limits.ts'
import type { Context, FillEvent, OrderRequest, Prediction, Strategy } from '../strategy.ts'
import type { Holding } from './holding.ts'
import type { Results } from './results.ts'
import type { Tape } from './tape.ts'

export interface TraderOptions {
  name: string
  strategy: Strategy
  instruments: readonly Instrument[]
  /** Units of money. */
  capital: bigint
  limits: Limits
  rules: FillRules
  /** The rates of a fill, called once for each: its value, units of money, counts for those of later ones. */
  fees: (instrument: Instrument, notional: bigint, timeMicros: number) => FeeRates
  /** The way of one message to the venue, µs: called for each. */
  latencyMicros: () => number
  random: () => number
  /** Whether quotes of the instrument are recorded. */
  isQuoted: (instrument: Instrument) => boolean
  results: Results
}

/** What the traders of a run share. */
export interface Market {
  nowMicros: number
  readonly books: Books
  readonly tape: Tape
  readonly holding: Holding
  readonly volumes: VolumeWindow
  /** Instruments of all traders. */
  readonly count: number
}

export class Trader implements Context {
  readonly name: string
  readonly strategy: Strategy
  readonly instruments: readonly Instrument[]
  readonly broker: Broker
  readonly account: Account
  readonly #options: TraderOptions
  readonly #market: Market
  readonly #losses: LossWatch
  readonly #orders = new Map<number, Order>()
  readonly #fill: FillEvent
  #orderCount = 0
  #fillCount = 0

  constructor(options: TraderOptions, market: Market) {
    const { name, strategy, instruments, results, rules, isQuoted } = options
    this.name = name
    this.strategy = strategy
    this.instruments = instruments
    this.#options = options
    this.#market = market
    this.#losses = new LossWatch(options.limits)
    this.account = new Account(
      instruments,
      line => results.line(line),
      trip => results.roundTrip(trip),
    )
    this.broker = new Broker(market.books, market.count, rules, isQuoted, {
      onFill: (order, price, quantity, isMaker) => this.#onFill(order, price, quantity, isMaker),
      onEnd: order => this.#onEnd(order),
    })
    const nothing = { orderId: 0, direction: 1, price: 0, quantity: 0, isMaker: false, remaining: 0 } as const
    this.#fill = { ...nothing, instrument: instruments[0]! }
  }

  get nowMicros(): number {
    return this.#market.nowMicros
  }

  start(): void {
    this.account.deposit(this.#options.capital, this.nowMicros)
    this.strategy.onStart?.(this)
  }

  order(request: OrderRequest): number {
    const order = this.#orderOf(request)
    const refusal = this.#refusal(order)
    if (refusal === undefined) this.#submit(order)
    else this.#onEnd(Object.assign(order, { state: 'refused', reason: refusal, endedAtMicros: this.nowMicros }))
    return order.id
  }

  cancel(orderId: number): void {
    const order = this.#orders.get(orderId)
    if (order) this.broker.cancel(order, this.nowMicros + this.#options.latencyMicros(), this.nowMicros)
  }

  position({ index, quantityDecimals }: Instrument): number {
    return numberOf(this.account.positions.get(index)?.quantity ?? 0n, quantityDecimals)
  }

  openQuantity(instrument: Instrument): number {
    let units = 0n
    for (const { direction, remaining } of this.broker.ordersOf(instrument)) units += BigInt(direction) * remaining
    return numberOf(units, instrument.quantityDecimals)
  }

  readonly quantityOf = quantityOf

  cash(): number {
    return numberOf(this.account.cash, MONEY_DECIMALS)
  }

  equity(): number {
    return numberOf(this.account.equity(this.#market.books), MONEY_DECIMALS)
  }

  mark({ index }: Instrument): number {
    return this.#market.books.mark(index)
  }

  isWhole({ index }: Instrument): boolean {
    return this.#market.tape.isWhole(index)
  }

  random(): number {
    return this.#options.random()
  }

  sampled(instrument: Instrument, values: Float64Array): void {
    const state = { timeMicros: this.nowMicros, price: this.mark(instrument), isWhole: this.isWhole(instrument) }
    this.#options.results.sample?.({ ...state, instrument, schema: this.strategy.features?.hash ?? '', values })
  }

  predicted(instrument: Instrument, prediction: Prediction): void {
    this.#options.results.prediction?.(this.nowMicros, instrument, this.mark(instrument), prediction)
  }

  drifted(name: string, index: number, bound: number): void {
    this.#breach({ limit: `drift ${name}`, value: index, bound, action: 'reported' })
  }

  /** Writes the account's state, and acts on the losses that it shows. */
  markEquity(): void {
    const { books, holding } = this.#market
    const timeMicros = this.nowMicros
    const equity = this.account.equity(books)
    const { cash, fees, traded } = this.account
    holding.observe()
    const mark = { timeMicros, equity, cash, gross: this.account.gross(books), fees, traded }
    this.#options.results.mark({ ...mark, holding: holding.valueOf(this.instruments) })
    const breach = this.#losses.mark(equity, timeMicros)
    if (breach) this.#options.results.breach({ timeMicros, ...breach })
    // Also what an order on its way brought after the first attempt.
    if (breach || this.#losses.isOff(timeMicros)) this.flatten()
  }

  /** Closes everything and takes no order any more. */
  kill(reached: Reached = { limit: 'kill_switch', value: 0, bound: 0 }): void {
    if (this.#losses.isOffForGood) return
    this.#breach({ ...reached, action: 'flattened, off' })
    this.stop()
  }

  /** The same because the run ends: no limit is reached. */
  stop(): void {
    this.#losses.switchOff()
    this.flatten()
  }

  /** Without positions and open orders. */
  get isFlat(): boolean {
    for (const { instrument, quantity } of this.account.positions.values())
      if (quantity !== 0n || this.broker.open[instrument.index] !== 0) return false
    return true
  }

  /** Cancels all orders, and closes all positions by market orders that no limit holds up. */
  flatten(): void {
    for (const { instrument, quantity } of this.account.positions.values()) {
      const open = [...this.broker.ordersOf(instrument)]
      for (const order of open) if (!order.isFlattening) this.cancel(order.id)
      if (quantity === 0n || open.some(({ isFlattening }) => isFlattening)) continue
      const size = quantity < 0n ? -quantity : quantity
      this.#submit(this.#newOrder({ instrument, direction: quantity > 0n ? -1 : 1 }, size, Number.NaN, true))
    }
  }

  #orderOf(request: OrderRequest): Order {
    const { instrument, direction, quantity, limit = Number.NaN } = request
    const { quantityDecimals, priceDecimals, lot, tick } = instrument
    const units = BigInt(Math.floor(quantity * 10 ** quantityDecimals * (1 + 2 ** -50)))
    const lots = (units / lot) * lot
    let price = limit
    if (!Number.isNaN(limit)) {
      // Away from the market: a buyer's limit is never raised, a seller's never lowered.
      const scaled = limit * 10 ** priceDecimals
      const units = direction === 1 ? Math.floor(scaled * (1 + 2 ** -50)) : Math.ceil(scaled * (1 - 2 ** -50))
      const exact = BigInt(units)
      const ticks = direction === 1 || exact % tick === 0n ? exact / tick : exact / tick + 1n
      price = numberOf(ticks * tick, priceDecimals)
    }
    return this.#newOrder(request, lots, price, false)
  }

  #newOrder(
    { instrument, direction, immediateOrCancel = false }: Omit<OrderRequest, 'quantity'>,
    quantity: bigint,
    limit: number,
    isFlattening: boolean,
  ): Order {
    const sentAtMicros = this.nowMicros
    const arrivesAtMicros = sentAtMicros + this.#options.latencyMicros()
    return {
      ...{ id: ++this.#orderCount, instrument, direction, quantity, remaining: quantity, limit, immediateOrCancel },
      ...{ isFlattening, sentAtMicros, arrivesAtMicros, cancelAtMicros: Number.POSITIVE_INFINITY, endedAtMicros: 0 },
      ...{ state: 'sent', reason: '' },
    }
  }

  #submit(order: Order): void {
    this.#orders.set(order.id, order)
    this.broker.submit(order, this.nowMicros)
  }

  /** Why an order is not sent; undefined if it is. */
  #refusal(order: Order): string | undefined {
    const { instrument, quantity, direction } = order
    if (quantity <= 0n) return `less than a lot of ${nameOf(instrument)}`
    if (!this.account.positions.has(instrument.index)) return `${nameOf(instrument)} is not of this strategy`
    const timeMicros = this.nowMicros
    const held = this.account.positions.get(instrument.index)!.quantity
    let after = held + BigInt(direction) * quantity
    for (const open of this.broker.ordersOf(instrument))
      if (open.direction === direction) after += BigInt(direction) * open.remaining
    const isReducing = held !== 0n && held > 0n !== direction > 0 && (held > 0n ? after >= 0n : after <= 0n)
    if (this.#losses.isOff(timeMicros) && !isReducing) return 'switched off'
    if (!this.isWhole(instrument) && !isReducing) {
      this.#breach({ limit: 'data', value: 0, bound: 0, action: 'order refused' })
      return `the tape of ${nameOf(instrument)} is not whole`
    }
    const price = Number.isNaN(order.limit) ? this.mark(instrument) : order.limit
    if (Number.isNaN(price)) return `no price of ${nameOf(instrument)} is known`
    const worth = (units: bigint) =>
      notionalOf(BigInt(Math.round(price * 10 ** instrument.priceDecimals)), units < 0n ? -units : units, instrument)
    const gross = this.account.gross(this.#market.books) - worth(held) + worth(after)
    const broken = brokenBy(this.#options.limits, {
      ...{ order: worth(quantity), position: worth(after), gross, isReducing },
    })
    if (!broken) return undefined
    this.#breach({ ...broken, action: 'order refused' })
    return `exceeds the limit ${broken.limit}`
  }

  #breach(breach: Omit<Breach, 'timeMicros'>): void {
    this.#options.results.breach({ timeMicros: this.nowMicros, ...breach })
  }

  #onFill(order: Order, price: bigint, quantity: bigint, isMaker: boolean): void {
    const { instrument, direction } = order
    const { fees, rules, results } = this.#options
    const notional = notionalOf(price, quantity, instrument)
    const rate = fees(instrument, notional, this.nowMicros)[isMaker ? 'maker' : 'taker']
    const fee = rescaled(notional * rate, MONEY_DECIMALS + RATE_DECIMALS, MONEY_DECIMALS)
    const traded = this.#market.volumes.sum(instrument.index, this.nowMicros)
    const size = numberOf(order.quantity, instrument.quantityDecimals)
    const isLarge = rules.participation > 0 && size > rules.participation * traded
    const filled = { price, quantity, isMaker, notional, fee, isLarge }
    const fill: Fill = { id: ++this.#fillCount, order, timeMicros: this.nowMicros, ...filled }
    this.account.apply(fill)
    results.fill(fill)
    if (!this.strategy.onFill) return
    Object.assign(this.#fill, { orderId: order.id, instrument, direction, isMaker })
    this.#fill.price = numberOf(price, instrument.priceDecimals)
    this.#fill.quantity = numberOf(quantity, instrument.quantityDecimals)
    this.#fill.remaining = numberOf(order.remaining, instrument.quantityDecimals)
    this.strategy.onFill(this.#fill, this)
  }

  #onEnd(order: Order): void {
    this.#orders.delete(order.id)
    this.#options.results.order(order)
  }
}

/** An amount of money in units, from a portfolio's number. Throws `usage` for more than 8 decimals. */
export const moneyOf = (amount: number): bigint => unitsOf(amount, MONEY_DECIMALS, 'the amount')
