/**
 * Checks for loss and duplication at the end of every fault test. They read log and tables independently of the audit,
 * and are tested themselves: a check that cannot find a lost tick proves nothing.
 */
import assert from 'node:assert/strict'
import type { Log } from '../../../src/log/log.ts'
import type { Store } from '../../../src/store/store.ts'
import { KINDS } from '../../../src/tick/kinds.ts'

/** A trade as its source generated it. */
export interface ExpectedTrade {
  symbol: string
  tradeId: number
  price: number
  volume: number
  side: string
}

/** Positions of the log compared with the stored rows. All but `ticks` are 0 if every tick is stored once. */
export interface PositionResult {
  /** In the log, of all partitions, by its own count. */
  ticks: number
  lost: number
  doubled: number
  /** Rows at positions that are not in the log. */
  strange: number
}

/** Stored trades compared with the generated ones. */
export interface TradeResult {
  stored: number
  missing: ExpectedTrade[]
  doubled: number
  /** With a different price, volume or side. */
  changed: number
  /** Stored, but never generated. */
  strange: number
}

export interface Hole {
  symbol: string
  first: number
  last: number
}

interface PositionRow {
  partition: number
  offset: string
  rows: string
  places: string
  lowest: number
  highest: number
  /** Ticks that rows stand for beyond one each: of a record that was refused as a whole, of repeated quotes. */
  further: string
}

/** Whether every tick of the log is in a table of its kind or `quarantine` once, at its position. */
export async function checkPositions(store: Store, log: Log): Promise<PositionResult> {
  const rows = await store.rows<PositionRow>(
    `SELECT log_partition AS partition, toString(log_offset) AS offset, toString(count()) AS rows,
       toString(uniqExact(log_index)) AS places, min(log_index) AS lowest, max(log_index) AS highest,
       toString(sum(greatest(ticks, 1) - 1)) AS further
     FROM (${KINDS.map(({ table }) => `SELECT log_partition, log_offset, log_index, 1 AS ticks FROM ${table} UNION ALL`).join(' ')}
           SELECT log_partition, log_offset, log_index, ticks FROM quarantine WHERE reason != 'trade_repeated' UNION ALL
           SELECT log_partition, one.1 AS log_offset, arrayJoin(range(one.2, one.3 + 1)) AS log_index, 1 AS ticks
           FROM (SELECT log_partition, arrayJoin(JSONExtract(raw, 'at', 'Array(Tuple(UInt64, UInt32, UInt32))')) AS one
                 FROM quarantine WHERE reason = 'trade_repeated'))
     GROUP BY log_partition, log_offset`,
  )
  const stored = new Map(rows.map(row => [`${row.partition} ${row.offset}`, row]))
  const result: PositionResult = { ticks: 0, lost: 0, doubled: 0, strange: 0 }
  for (let partition = 0; partition < log.partitions; partition++) {
    for (const [offset, ticks] of await ticksByOffset(log, partition)) {
      const row = stored.get(`${partition} ${offset}`)
      stored.delete(`${partition} ${offset}`)
      result.ticks += ticks
      if (!row) {
        result.lost += ticks
        continue
      }
      // A row of quarantine may stand for several ticks.
      const further = Number(row.further)
      const places = Number(row.places) + further
      const count = Number(row.rows) + further
      result.lost += Math.max(0, ticks - places)
      result.doubled += count - places
      if (row.lowest !== 0 || row.highest >= ticks) result.strange++
    }
  }
  for (const row of stored.values()) result.strange += Number(row.rows)
  return result
}

/** Ticks per record of a partition by its header; at least one. */
async function ticksByOffset(log: Log, partition: number): Promise<Map<number, number>> {
  const { first, next } = await log.refresh(partition)
  const ticks = new Map<number, number>()
  // Reading a partition without records would wait for the first.
  if (first === next) return ticks
  for await (const chunk of log.read(partition, first, new AbortController().signal)) {
    for (const entry of chunk) if (entry.offset < next) ticks.set(entry.offset, Math.max(1, entry.ticks))
    if (chunk.at(-1)!.offset >= next - 1) break
  }
  assert.equal(ticks.size, next - first, 'the offsets of the log are dense')
  return ticks
}

/** Stored quotes, of each update number of a symbol one. */
export async function distinctQuotes(store: Store): Promise<number> {
  const [row] = await store.rows<{ quotes: number }>(
    'SELECT toUInt32(uniqExact(venue, symbol, sequence)) AS quotes FROM quotes',
  )
  return row!.quotes
}

/** Whether these trades are in the table, each once, with the same values. */
export async function compareTrades(
  store: Store,
  venue: string,
  expected: readonly ExpectedTrade[],
): Promise<TradeResult> {
  const rows = await store.rows<ExpectedTrade>(
    `SELECT symbol, trade_id AS tradeId, price, volume, side FROM trades WHERE venue = {venue:String}`,
    { venue },
  )
  const open = new Map(expected.map(trade => [keyOf(trade), trade]))
  const seen = new Set<string>()
  const result: TradeResult = { stored: rows.length, missing: [], doubled: 0, changed: 0, strange: 0 }
  for (const row of rows) {
    const key = keyOf(row)
    const made = open.get(key)
    if (seen.has(key)) result.doubled++
    else if (!made) result.strange++
    else if (made.price !== row.price || made.volume !== row.volume || made.side !== row.side) result.changed++
    seen.add(key)
    open.delete(key)
  }
  result.missing = [...open.values()]
  return result
}

/** Runs of ids that are missing between the first and the last stored id of their symbol, in order. */
export async function holesOf(store: Store, venue: string): Promise<Hole[]> {
  const rows = await store.rows<{ symbol: string; id: number }>(
    'SELECT DISTINCT symbol, trade_id AS id FROM trades WHERE venue = {venue:String} ORDER BY symbol, id',
    { venue },
  )
  const holes: Hole[] = []
  for (const [index, { symbol, id }] of rows.entries()) {
    const before = rows[index - 1]
    if (before?.symbol !== symbol || Number(id) === Number(before.id) + 1) continue
    holes.push({ symbol, first: Number(before.id) + 1, last: Number(id) - 1 })
  }
  return holes
}

/** The rows of table `gaps` in a state, in order. */
export async function gapsOf(store: Store, venue: string, state: 'open' | 'repaired'): Promise<Hole[]> {
  const rows = await store.rows<{ symbol: string; first: number; last: number }>(
    `SELECT symbol, first_id AS first, last_id AS last FROM gaps FINAL
     WHERE venue = {venue:String} AND state = {state:String} ORDER BY symbol, first`,
    { venue, state },
  )
  return rows.map(({ symbol, first, last }) => ({ symbol, first: Number(first), last: Number(last) }))
}

/** Fails unless every tick of the log is stored once. */
export function assertPositions({ ticks: _ticks, ...faults }: PositionResult): void {
  assert.deepEqual(faults, { lost: 0, doubled: 0, strange: 0 })
}

/** Fails unless the stored trades are exactly the generated ones. */
export function assertTrades({ stored: _stored, missing, ...faults }: TradeResult): void {
  assert.deepEqual({ ...faults, missing: missing.length }, { doubled: 0, changed: 0, strange: 0, missing: 0 })
}

const keyOf = ({ symbol, tradeId }: ExpectedTrade): string => `${symbol} ${tradeId}`
