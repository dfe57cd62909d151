/** Takes the results of one strategy: rows for the tables, and what the report is made of. */
import { createHash } from 'node:crypto'
import type { LedgerLine, RoundTrip } from '../accounting/account.ts'
import type { EquityMark, Results, Sample } from '../engine/results.ts'
import type { Fill, Order } from '../execution/order.ts'
import { type Instrument, MONEY_DECIMALS, nameOf, numberOf } from '../market/instrument.ts'
import type { Breach } from '../risk/limits.ts'
import type { Prediction } from '../strategy.ts'
import { emptySeries, type HeldPosition, type Outcome, type Stated } from './outcome.ts'
import {
  breachRow,
  fillRow,
  lineRow,
  markRow,
  type Owner,
  orderRow,
  predictionRow,
  type Row,
  sampleRow,
} from './rows.ts'
import type { LabTable } from './tables.ts'

/** Takes a row of a table. */
export type AddRow = (table: LabTable, row: Row) => void

export class Recorded implements Results {
  readonly owner: Owner
  readonly series = emptySeries()
  /** What is held of each instrument, whole units, and what was paid for it. */
  readonly #held = new Map<Instrument, { quantity: bigint; paid: bigint }>()
  readonly roundTrips: RoundTrip[] = []
  /** Number of orders by their final state, and of breaches by limit. */
  readonly orders: Record<string, number> = {}
  readonly breaches: Record<string, number> = {}
  lastMark: EquityMark | undefined
  fills = 0
  largeFills = 0
  makerFills = 0
  /** Of all ledger lines: 0, or the ledger is wrong. */
  ledgerSum = 0n
  readonly #hash = createHash('sha256')
  readonly #add: AddRow
  readonly #keepsFeatures: boolean

  /** `keepsFeatures`: what strategies computed gives rows too, which are many. */
  constructor(owner: Owner, add: AddRow, keepsFeatures = false) {
    this.owner = owner
    this.#add = add
    this.#keepsFeatures = keepsFeatures
  }

  /** SHA-256 of all fills so far, in order. */
  get fillsHash(): string {
    return this.#hash.copy().digest('hex')
  }

  order(order: Order): void {
    this.orders[order.state] = (this.orders[order.state] ?? 0) + 1
    this.#add('lab_orders', orderRow(this.owner, order))
  }

  fill(fill: Fill): void {
    this.fills++
    if (fill.isLarge) this.largeFills++
    if (fill.isMaker) this.makerFills++
    const { run: _, ...row } = fillRow(this.owner, fill)
    this.#hash.update(`${JSON.stringify(row)}\n`)
    this.#add('lab_fills', { run: this.owner.run, ...row })
  }

  line(line: LedgerLine): void {
    this.ledgerSum += line.amount
    const { account, instrument, quantity, amount } = line
    if (account === 'position' && instrument) {
      const { quantity: before, paid } = this.#held.get(instrument) ?? { quantity: 0n, paid: 0n }
      this.#held.set(instrument, { quantity: before + quantity, paid: paid + amount })
    }
    this.#add('lab_ledger', lineRow(this.owner, line))
  }

  roundTrip(trip: RoundTrip): void {
    this.roundTrips.push(trip)
  }

  breach(breach: Breach): void {
    this.breaches[breach.limit] = (this.breaches[breach.limit] ?? 0) + 1
    this.#add('lab_limits', breachRow(this.owner, breach))
  }

  mark(mark: EquityMark): void {
    this.lastMark = mark
    const { series } = this
    series.timeMicros.push(mark.timeMicros)
    series.equity.push(numberOf(mark.equity, MONEY_DECIMALS))
    series.gross.push(numberOf(mark.gross, MONEY_DECIMALS))
    series.traded.push(numberOf(mark.traded, MONEY_DECIMALS))
    series.holding.push(mark.holding)
    this.#add('lab_equity', markRow(this.owner, mark))
  }

  sample(sample: Sample): void {
    if (this.#keepsFeatures) this.#add('lab_features', sampleRow(this.owner, sample))
  }

  prediction(timeMicros: number, instrument: Instrument, price: number, prediction: Prediction): void {
    this.#add('lab_predictions', predictionRow(this.owner, timeMicros, instrument, price, prediction))
  }

  /** What came out so far. */
  outcome(stated: Stated): Outcome {
    const { series, orders, breaches, fills, makerFills, largeFills, fillsHash, lastMark, roundTrips } = this
    const closedTrades = roundTrips.map(({ profit, costs }) => ({
      profit: numberOf(profit, MONEY_DECIMALS),
      costs: numberOf(costs, MONEY_DECIMALS),
    }))
    return {
      ...stated,
      ...{ series, orders, breaches, fills, makerFills, largeFills, fillsHash, closedTrades },
      positions: this.#positions(),
      fees: numberOf(lastMark?.fees ?? 0n, MONEY_DECIMALS),
    }
  }

  #positions(): HeldPosition[] {
    const held = [...this.#held].filter(([, { quantity }]) => quantity !== 0n)
    const positions = held.map(([instrument, { quantity, paid }]) => ({
      name: nameOf(instrument),
      quantity: numberOf(quantity, instrument.quantityDecimals),
      paid: numberOf(paid, MONEY_DECIMALS),
    }))
    return positions.sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}
