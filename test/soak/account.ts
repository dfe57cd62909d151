/** Accounts for every trade that the venues of a soak made: stored once as it was, or known to be missing. */
import type { Store } from '../../src/store/store.ts'
import type { SoakVenue } from './venue.ts'

export interface Account {
  made: number
  stored: number
  /** Never received, and known to be missing by their ids. */
  missing: number
  /** Made before the first stored one of their symbol: nobody can know of them by id. */
  before: number
  /** What must be empty: trades neither stored nor known to be missing, stored twice, changed, or never made. */
  wrong: string[]
}

interface Row {
  id: string
  price: number
  volume: number
  side: string
}

const WRONG_MAX = 20

/**
 * The caller sees to it that every symbol is listened to in the end: a trade after the last stored one counts as lost.
 */
export async function account(store: Store, venues: readonly SoakVenue[]): Promise<Account> {
  const sums: Account = { made: 0, stored: 0, missing: 0, before: 0, wrong: [] }
  for (const venue of venues)
    for (const symbol of venue.symbols) {
      const rows = await store.rows<Row>(
        `SELECT toString(trade_id) AS id, price, volume, toString(side) AS side FROM trades
         WHERE venue = {venue:String} AND symbol = {symbol:String}`,
        { venue: venue.name, symbol },
      )
      const gaps = await store.rows<{ first: string; last: string }>(
        `SELECT toString(first_id) AS first, toString(last_id) AS last FROM gaps FINAL
         WHERE venue = {venue:String} AND symbol = {symbol:String} AND state = 'open'`,
        { venue: venue.name, symbol },
      )
      accountSymbol(sums, `${venue.name} ${symbol}`, venue.made.get(symbol)!, rows, gaps)
    }
  sums.wrong = [
    ...sums.wrong.slice(0, WRONG_MAX),
    ...(sums.wrong.length > WRONG_MAX ? [`and ${sums.wrong.length - WRONG_MAX} more`] : []),
  ]
  return sums
}

function accountSymbol(
  sums: Account,
  name: string,
  made: readonly { id: number; price: number; volume: number; side: string }[],
  rows: readonly Row[],
  gaps: readonly { first: string; last: string }[],
): void {
  const key = ({ id, price, volume, side }: { id: number | string; price: number; volume: number; side: string }) =>
    `${id} ${price} ${volume} ${side}`
  const stored = new Map<string, number>()
  for (const row of rows) stored.set(key(row), (stored.get(key(row)) ?? 0) + 1)
  const ranges = gaps.map(({ first, last }) => [Number(first), Number(last)] as const)
  sums.made += made.length
  sums.stored += rows.length
  const first = made.findIndex(trade => stored.has(key(trade)))
  sums.before += first < 0 ? made.length : first
  for (const trade of first < 0 ? [] : made.slice(first)) {
    const count = stored.get(key(trade)) ?? 0
    stored.delete(key(trade))
    if (count === 1) continue
    if (count > 1) sums.wrong.push(`${name}: trade ${trade.id} is stored ${count} times`)
    else if (ranges.some(([first, last]) => trade.id >= first && trade.id <= last)) sums.missing++
    else sums.wrong.push(`${name}: trade ${trade.id} is neither stored nor known to be missing`)
  }
  for (const one of stored.keys()) sums.wrong.push(`${name}: stored and never made: ${one}`)
}
