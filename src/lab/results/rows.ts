/** Rows of the tables `lab_…`, from what a run gives. */
import type { LedgerLine } from '../accounting/account.ts'
import type { EquityMark, Sample } from '../engine/results.ts'
import type { Fill, Order } from '../execution/order.ts'
import { decimalText, type Instrument, MONEY_DECIMALS } from '../market/instrument.ts'
import type { Breach, LimitName } from '../risk/limits.ts'
import type { Direction, Prediction } from '../strategy.ts'

export type Row = Record<string, unknown>

/** Whose row it is. */
export interface Owner {
  run: string
  strategy: string
}

/** A time as ClickHouse reads it: `2026-11-27 12:00:00.000001`. */
export function timeText(micros: number): string {
  const whole = Math.floor(micros / 1_000_000)
  const text = new Date(whole * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return `${text}.${String(micros - whole * 1_000_000).padStart(6, '0')}`
}

export const moneyText = (units: bigint): string => decimalText(units, MONEY_DECIMALS)

const sideOf = (direction: Direction) => (direction === 1 ? 'buy' : 'sell')
const namesOf = ({ venue, symbol }: Instrument) => ({ venue, symbol })

export function orderRow(owner: Owner, order: Order): Row {
  const { id, instrument, direction, quantity, remaining, limit, immediateOrCancel, isFlattening } = order
  const decimals = instrument.quantityDecimals
  return {
    ...owner,
    id,
    ...namesOf(instrument),
    side: sideOf(direction),
    quantity: decimalText(quantity, decimals),
    filled: decimalText(quantity - remaining, decimals),
    limit_price: Number.isNaN(limit) ? '0' : limit.toFixed(instrument.priceDecimals),
    immediate: immediateOrCancel,
    flattening: isFlattening,
    state: order.state,
    reason: order.reason,
    sent_at: timeText(order.sentAtMicros),
    arrives_at: timeText(order.arrivesAtMicros),
    ended_at: timeText(order.endedAtMicros),
  }
}

export function fillRow(owner: Owner, fill: Fill): Row {
  const { instrument, direction, id } = fill.order
  return {
    ...owner,
    id: fill.id,
    order_id: id,
    at: timeText(fill.timeMicros),
    ...namesOf(instrument),
    side: sideOf(direction),
    price: decimalText(fill.price, instrument.priceDecimals),
    quantity: decimalText(fill.quantity, instrument.quantityDecimals),
    notional: moneyText(fill.notional),
    fee: moneyText(fill.fee),
    maker: fill.isMaker,
    large: fill.isLarge,
  }
}

export function lineRow(owner: Owner, line: LedgerLine): Row {
  const { entry, timeMicros, account, instrument, amount, quantity, fillId } = line
  return {
    ...owner,
    entry,
    at: timeText(timeMicros),
    account,
    venue: instrument?.venue ?? '',
    symbol: instrument?.symbol ?? '',
    amount: moneyText(amount),
    quantity: decimalText(quantity, instrument?.quantityDecimals ?? 0),
    fill_id: fillId,
  }
}

export function markRow(owner: Owner, { timeMicros, equity, cash, gross, fees, traded, holding }: EquityMark): Row {
  const money = { equity, cash, gross, fees, traded }
  const texts = Object.entries(money).map(([name, units]) => [name, moneyText(units)])
  return { ...owner, at: timeText(timeMicros), ...Object.fromEntries(texts), holding }
}

/** Limits whose values are money. */
const MONEY_LIMITS: ReadonlySet<LimitName> = new Set<LimitName>([
  'order',
  'position',
  'gross',
  'daily_loss',
  'portfolio_daily_loss',
])

export function breachRow(owner: Owner, { timeMicros, limit, value, bound, action }: Breach): Row {
  const money = MONEY_LIMITS.has(limit)
  const scale = money ? 10 ** MONEY_DECIMALS : 1
  return { ...owner, at: timeText(timeMicros), limit_name: limit, value: value / scale, bound: bound / scale, action }
}

/** JSON has no NaN: as text, which the store reads. */
const numberOrText = (value: number): number | string => (Number.isNaN(value) ? 'nan' : value)

export function sampleRow(owner: Owner, { timeMicros, instrument, price, isWhole, schema, values }: Sample): Row {
  const columns = { schema, price, whole: isWhole, values: Array.from(values, numberOrText) }
  return { ...owner, at: timeText(timeMicros), ...namesOf(instrument), ...columns }
}

export function predictionRow(
  owner: Owner,
  timeMicros: number,
  instrument: Instrument,
  price: number,
  { model, stage, score, probability }: Prediction,
): Row {
  return { ...owner, at: timeText(timeMicros), ...namesOf(instrument), model, score, probability, stage, price }
}
