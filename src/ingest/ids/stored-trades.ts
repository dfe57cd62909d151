/** Looks up whether trades are stored already, by ids and times, all of a record in one query per symbol. */

import { droppedRanges, droppedUntilMicros } from '../../audit/dropped-ranges.ts'
import type { Store } from '../../store/store.ts'
import { TRADES } from '../../tick/kinds.ts'
import { symbolKey } from '../checkpoint.ts'
import type { IdLookup, StoredTrades } from '../validated-record.ts'
import type { ComparedTrade } from './recent-trades.ts'

/** Ids per query: servers limit the length of a statement. */
export const IDS_PER_QUERY = 5_000
/** Search window around a trade's time: see `matchOf`. */
const AROUND_NANOS = 1_000_000n

interface Row {
  id: string
  nanos: string
  price: number
  volume: number
  side: number
}

/**
 * The stored trades with these ids around these times. `gone` for a trade of a dropped day that is earlier than all stored trades of its
 * symbol. Throws errors of the store.
 */
export async function storedTrades(
  store: Store,
  partition: number,
  lookups: readonly IdLookup[],
): Promise<StoredTrades> {
  const found = new Map<string, ComparedTrade[]>()
  const oldestMicros = new Map<string, number>()
  const goneBeforeMicros = droppedUntilMicros(await droppedRanges(store, partition, 0, undefined, [TRADES]))
  for (const [key, symbolLookups] of Map.groupBy(lookups, symbolKey)) {
    for (let start = 0; start < symbolLookups.length; start += IDS_PER_QUERY)
      for (const row of await queryIds(store, symbolLookups.slice(start, start + IDS_PER_QUERY))) {
        const known = `${key} ${row.id}`
        found.set(known, [...(found.get(known) ?? []), statement(row)])
      }
    if (symbolLookups.some(({ micros }) => micros < goneBeforeMicros))
      oldestMicros.set(key, await oldest(store, symbolLookups[0]!))
  }
  return {
    of: (venue, symbol, id, micros) => {
      const key = symbolKey({ venue, symbol })
      const known = found.get(`${key} ${id}`)
      if (known || micros >= goneBeforeMicros) return known ?? []
      return micros < (oldestMicros.get(key) ?? Number.NEGATIVE_INFINITY) ? 'gone' : []
    },
  }
}

function queryIds(store: Store, lookups: readonly IdLookup[]): Promise<Row[]> {
  const { venue, symbol } = lookups[0]!
  const times = lookups.map(({ micros }) => micros)
  const from = BigInt(Math.floor(times.reduce((a, b) => Math.min(a, b)))) * 1000n - AROUND_NANOS
  const to = BigInt(Math.ceil(times.reduce((a, b) => Math.max(a, b)))) * 1000n + AROUND_NANOS
  return store.rows<Row>(
    `SELECT toString(trade_id) AS id, toString(toUnixTimestamp64Nano(timestamp)) AS nanos, price, volume, toInt8(side) AS side
     FROM trades WHERE venue = {venue:String} AND symbol = {symbol:String}
       AND timestamp BETWEEN fromUnixTimestamp64Nano({from:Int64}) AND fromUnixTimestamp64Nano({to:Int64})
       AND trade_id IN {ids:Array(UInt64)}`,
    { venue, symbol, from, to, ids: lookups.map(({ id }) => id) },
  )
}

async function oldest(store: Store, { venue, symbol }: IdLookup): Promise<number> {
  const [row] = await store.rows<{ nanos: string }>(
    `SELECT toString(toUnixTimestamp64Nano(timestamp)) AS nanos FROM trades
     WHERE venue = {venue:String} AND symbol = {symbol:String} ORDER BY timestamp LIMIT 1`,
    { venue, symbol },
  )
  return row ? Number(row.nanos) / 1000 : Number.POSITIVE_INFINITY
}

function statement({ nanos, price, volume, side }: Row): ComparedTrade {
  const bits = BigInt.asUintN(64, BigInt(nanos))
  return { timeLow: Number(bits & 0xffff_ffffn), timeHigh: Number(bits >> 32n), price, volume, side }
}
