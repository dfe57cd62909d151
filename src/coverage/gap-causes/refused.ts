/** Missing ids that reached the log all the same: their trades are in table `quarantine`. Times are ms since 1970 UTC. */
import { MS_PER_HOUR } from '../../clock.ts'
import type { Store } from '../../store/store.ts'
import { numbersOf, type RefusedIds } from './cause.ts'
import type { PendingGap } from './pending.ts'

/** A late trade of a gap may be refused too. */
const LATE_MS = MS_PER_HOUR
/** Of a refused frame: its id stands in its beginning. */
const RAW_MAX = 2_048
/** Rows that are looked at in a step, of each kind. */
const ROWS_MAX = 5_000
const BESIDE_MS = 5_000

const RECEIVED = (from: string, to: string) =>
  `received_at BETWEEN fromUnixTimestamp64Milli({${from}:Int64}, 'UTC') AND fromUnixTimestamp64Milli({${to}:Int64}, 'UTC')`

/** Of each gap, the ids that were refused; gaps without any are left out. */
export async function refusedIds(store: Store, gaps: readonly PendingGap[]): Promise<Map<PendingGap, RefusedIds>> {
  const found = new Map<PendingGap, { ids: Set<number>; reason: string }>()
  const note = (gap: PendingGap, id: number, reason: string) => {
    const one = found.get(gap) ?? { ids: new Set(), reason }
    one.ids.add(id)
    found.set(gap, one)
  }
  for (const [venue, own] of Map.groupBy(gaps, each => each.venue)) {
    for (const row of await refusedTrades(store, venue, own))
      for (const gap of own)
        if (row.symbol === gap.symbol && row.run === gap.run && row.id >= gap.first && row.id <= gap.last)
          note(gap, row.id, row.reason)
    for (const { raw, reason, received } of await refusedFrames(store, venue, own)) {
      const upper = raw.toUpperCase()
      const named = own.filter(
        ({ symbol, afterMicros, beforeMicros }) =>
          received >= afterMicros / 1000 - BESIDE_MS &&
          received <= beforeMicros / 1000 + BESIDE_MS &&
          upper.includes(symbol.toUpperCase()),
      )
      if (named.length === 0) continue
      const numbers = numbersOf(raw)
      for (const gap of named) for (const id of numbers) if (id >= gap.first && id <= gap.last) note(gap, id, reason)
    }
  }
  return new Map([...found].map(([gap, { ids, reason }]) => [gap, { count: ids.size, reason }] as const))
}

/** Trades refused for their values: their ids are known. */
async function refusedTrades(store: Store, venue: string, gaps: readonly PendingGap[]) {
  const from = Math.min(...gaps.map(gap => (gap.afterMicros || gap.foundMicros) / 1000))
  const to = Math.max(...gaps.map(gap => Math.max(gap.foundMicros, gap.changedMicros) / 1000))
  const rows = await store.rows<{ symbol: string; run: number; id: string; reason: string }>(
    `SELECT symbol, toUInt32(id_run) AS run, toString(trade_id) AS id, reason FROM quarantine
     WHERE trade_id > 0 AND venue = {venue:String} AND symbol IN {symbols:Array(String)} AND kind = 'trades'
       AND trade_id >= {least:UInt64} AND trade_id <= {most:UInt64}
       AND reason NOT IN ('trade_repeated', 'duplicate_id', 'conflicting_id') AND ${RECEIVED('from', 'to')}
     LIMIT ${ROWS_MAX}`,
    {
      ...{ venue, symbols: [...new Set(gaps.map(({ symbol }) => symbol))] },
      ...{ least: Math.min(...gaps.map(({ first }) => first)), most: Math.max(...gaps.map(({ last }) => last)) },
      ...{ from: Math.floor(from) - LATE_MS, to: Math.ceil(to) + LATE_MS },
    },
  )
  return rows.map(({ symbol, run, id, reason }) => ({ symbol, run, id: Number(id), reason }))
}

/** Frames that could not be decoded: of which symbol, and with which id, only their text shows. */
async function refusedFrames(store: Store, venue: string, gaps: readonly PendingGap[]) {
  const placed = gaps.filter(({ afterMicros, beforeMicros }) => afterMicros > 0 && beforeMicros > 0)
  if (placed.length === 0) return []
  const rows = await store.rows<{ raw: string; reason: string; received: string }>(
    `SELECT substring(raw, 1, ${RAW_MAX}) AS raw, reason, toString(toUnixTimestamp64Milli(received_at)) AS received
     FROM quarantine
     WHERE venue = {venue:String} AND trade_id = 0 AND reason IN ('malformed_frame', 'rejected_value') AND ${RECEIVED('from', 'to')}
     ORDER BY received_at LIMIT ${ROWS_MAX}`,
    {
      venue,
      from: Math.floor(Math.min(...placed.map(gap => gap.afterMicros)) / 1000) - BESIDE_MS,
      to: Math.ceil(Math.max(...placed.map(gap => gap.beforeMicros)) / 1000) + BESIDE_MS,
    },
  )
  return rows.map(({ raw, reason, received }) => ({ raw, reason, received: Number(received) }))
}
