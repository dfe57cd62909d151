/** Closed trades, from the ledger: its entries go through an account once more. */
import { Account } from '../accounting/account.ts'
import type { Fill, Order } from '../execution/order.ts'
import { type Instrument, MONEY_DECIMALS, numberOf, partsOf } from '../market/instrument.ts'
import type { ClosedTrade } from '../statistics/trading.ts'

/** One entry of a strategy's ledger in decimal text: what it moved of an instrument, and what that cost. */
export interface LedgerEntry {
  number: string
  /** `venue:symbol` */
  name: string
  units: string
  /** Paid for the units; negative where they were sold. */
  cost: string
  fee: string
  /** Negative where it was received. */
  funding: string
}

/** Decimals of `lab_ledger.quantity`: of every instrument at least as many as it has. */
const QUANTITY_DECIMALS = 12

/** In the order of the entries, with which the account was made. */
export function closedTradesOf(entries: readonly LedgerEntry[]): ClosedTrade[] {
  const instruments = new Map<string, Instrument>()
  for (const { name, units, cost } of entries) {
    // Who buys an inverse contract gets its value.
    const isInverse = units.startsWith('-') !== cost.startsWith('-') && Number(units) !== 0 && Number(cost) !== 0
    const known = instruments.get(name)
    if (!known || isInverse) instruments.set(name, instrumentOf(name, known?.index ?? instruments.size, isInverse))
  }
  const trades: ClosedTrade[] = []
  const money = (units: bigint) => numberOf(units, MONEY_DECIMALS)
  const account = new Account(
    [...instruments.values()],
    () => {},
    ({ profit, costs }) => trades.push({ profit: money(profit), costs: money(costs) }),
  )
  for (const { number, name, units, cost, fee, funding } of entries) {
    const instrument = instruments.get(name)!
    const [quantity, paid] = [unitsOfText(units, QUANTITY_DECIMALS), unitsOfText(cost, MONEY_DECIMALS)]
    const received = -unitsOfText(funding, MONEY_DECIMALS)
    if (received !== 0n) account.pay(received, instrument, 0)
    if (quantity === 0n) continue
    const order = { instrument, direction: quantity > 0n ? 1 : -1 } as Order
    const sizes = { quantity: magnitude(quantity), notional: magnitude(paid), fee: unitsOfText(fee, MONEY_DECIMALS) }
    account.apply({ id: Number(number), order, timeMicros: 0, ...sizes } as Fill)
  }
  return trades
}

function instrumentOf(name: string, index: number, isInverse: boolean): Instrument {
  const sizes = { priceDecimals: 0, quantityDecimals: QUANTITY_DECIMALS, tick: 1n, lot: 1n, size: 1n, sizeDecimals: 0 }
  return { index, ...partsOf(name), ...sizes, isInverse }
}

const magnitude = (units: bigint) => (units < 0n ? -units : units)

/** A decimal as ClickHouse writes it, in whole units: `-0.5` is -50000000 of 10^-8. */
function unitsOfText(text: string, decimals: number): bigint {
  const [whole = '0', part = ''] = text.split('.')
  const units = BigInt(`${whole.replace('-', '')}${part.padEnd(decimals, '0')}`)
  return text.startsWith('-') ? -units : units
}
